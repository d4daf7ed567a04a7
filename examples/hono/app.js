// A Hono app that becomes a WebAssembly component; README.md says how.
import { Hono } from "hono";
import { logger } from "hono/logger";
import { streamSSE } from "hono/streaming";

const app = new Hono();

// What a guest prints, the host puts into its log, line by line, with the number of the instance.
app.use(logger());

app.get("/", (context) => context.text("Hello from Hono in WebAssembly!"));
app.get(
  "/hello/:name",
  (context) => context.json({ hello: context.req.param("name") }),
);
app.get(
  "/page",
  (context) =>
    context.html(
      "<!doctype html><title>Hono</title><h1>Rendered in a guest</h1>",
    ),
);
app.post("/echo", async (context) => context.json(await context.req.json()));

// Bodies stream: each event leaves when it is written.
app.get("/events", (context) =>
  streamSSE(context, async (stream) => {
    for (let id = 0; id < 3; id++) {
      await stream.writeSSE({
        id: `${id}`,
        event: "tick",
        data: `event ${id}`,
      });
      await stream.sleep(100);
    }
  }));

// Others are reached through the host, which decides whom: `storeport serve --net HOST`. What it refuses, throws.
app.get("/upstream", async (context) => {
  const url = context.req.query("url");
  if (url === undefined) return context.text("Which one? Add ?url=", 400);
  const response = await fetch(url).catch(() => undefined);
  if (response === undefined) return context.text("Out of reach", 502);
  return context.body(response.body, response.status, {
    "content-type": response.headers.get("content-type") ??
      "application/octet-stream",
  });
});

app.get("/error", () => {
  throw new Error("Nobody but the log learns of this");
});

app.notFound((context) => context.text("Not found", 404));
app.onError((error, context) => {
  console.error(error.message);
  return context.text("Something went wrong", 500);
});

// Hono's own `fire` of "hono/service-worker" does the same, with a warning in some engines.
addEventListener(
  "fetch",
  (event) => event.respondWith(app.fetch(event.request)),
);
