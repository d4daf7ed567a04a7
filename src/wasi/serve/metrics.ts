/** Counters in the text form that Prometheus and OpenMetrics collectors read. */
import type { ServeStats } from "./stats.ts";

type Value = number | readonly (readonly [label: string, value: number])[];

/** The content type of {@linkcode metricsText}. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * The counters as Prometheus text, for an answer to `GET /metrics`.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function metricsText(stats: ServeStats): string {
  const lines: string[] = [];
  const metric = (name: string, type: "counter" | "gauge", help: string, value: Value, label = ""): void => {
    const full = `storeport_serve_${name}`;
    lines.push(`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`);
    if (typeof value === "number") lines.push(`${full} ${value}`);
    else for (const [key, count] of value) lines.push(`${full}{${label}="${key}"} ${count}`);
  };
  metric("requests_total", "counter", "Requests that arrived.", stats.requests);
  metric("responses_total", "counter", "Answers sent.", Object.entries(stats.responses), "class");
  metric("refused_total", "counter", "Requests refused unseen.", Object.entries(stats.refused), "reason");
  metric("traps_total", "counter", "Guests that trapped, exited or broke a limit.", stats.traps);
  metric("timeouts_total", "counter", "Requests that ran out of time.", stats.timeouts);
  metric("failures_total", "counter", "Requests that failed otherwise.", stats.failures);
  metric("disconnects_total", "counter", "Clients that went away early.", stats.disconnects);
  metric("received_bytes_total", "counter", "Bytes of request bodies.", stats.bytesReceived);
  metric("sent_bytes_total", "counter", "Bytes of response bodies.", stats.bytesSent);
  metric("outgoing_refused_total", "counter", "Outgoing requests over a limit.", stats.outgoingRefused);
  metric("outgoing_denied_total", "counter", "Outgoing requests against the policy.", stats.outgoingDenied);
  metric("instances_created_total", "counter", "Instances made.", stats.instances.created);
  metric("workers_lost_total", "counter", "Workers that were ended or ended.", stats.workers.lost);
  metric("requests_in_flight", "gauge", "Requests under way.", stats.inFlight);
  metric("requests_queued", "gauge", "Requests that wait.", stats.queued);
  metric("instances", "gauge", "Instances that live.", [
    ["busy", stats.instances.live - stats.instances.idle],
    ["idle", stats.instances.idle],
  ], "state");
  metric("workers", "gauge", "Workers that live.", stats.workers.live);
  return `${lines.join("\n")}\n`;
}
