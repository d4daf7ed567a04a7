/**
 * A contestant of the S3 races: a program that Deno and Node run. Takes the URL of the server (`s3_origin.ts`) and the
 * name of a client; then does a job a line and prints what it took, as JSON.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { measured } from "./harness.ts";
import { type ClientName, clients } from "./s3_clients.ts";
import { type Job, jobs } from "./s3_jobs.ts";

const [url, name] = process.argv.slice(2);
if (url === undefined || name === undefined || !(name in clients)) {
  throw new Error(`Usage: s3_contestant URL CLIENT, one of ${Object.keys(clients).join(", ")}`);
}
const client = await clients[name as ClientName](url);
for await (const job of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await measured(() => jobs[job as Job](client))));
}
// Peers keep connections, with no way to close them.
process.exit(0);
