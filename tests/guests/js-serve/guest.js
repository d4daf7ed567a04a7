// A handler on StarlingMonkey's `fetch` event: what the engine makes of requests and answers.

/** One handler for each path. */
const routes = {
  "/": () => new Response("Hello, WASI!"),

  "/request": async (request) => {
    const headers = Object.fromEntries(request.headers);
    return Response.json({ method: request.method, url: request.url, headers, body: await request.text() });
  },

  "/echo": (request) =>
    new Response(request.body, { headers: { "content-type": request.headers.get("content-type") ?? "" } }),

  "/sse": () => {
    let event = 0;
    const body = new ReadableStream({
      async pull(controller) {
        if (event === 3) return controller.close();
        await new Promise((resolve) => setTimeout(resolve, 20));
        controller.enqueue(new TextEncoder().encode(`data: ${event++}\n\n`));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  },

  "/endless": () => {
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        controller.enqueue(new Uint8Array(16 * 1024));
      },
    });
    return new Response(body);
  },

  "/proxy": (request) => fetch(request.headers.get("url")),

  "/throw": () => {
    throw new Error("the password is hunter2");
  },

  "/loop": () => {
    for (;;);
  },
};

addEventListener("fetch", (event) => {
  const route = routes[new URL(event.request.url).pathname];
  event.respondWith(
    (async () => await route?.(event.request) ?? new Response("Not found", { status: 404 }))(),
  );
});
