/** Request lines and headers: they go out as written, or are refused by name. */
import { assert, assertEquals } from "../../testing/assert.ts";
import { HttpError } from "../error.ts";
import { assertHttpError, type ConnectorCase, echo, request, sent, serviceCase } from "./context.ts";

/** Cases about request lines and headers. */
export const requestCases: readonly ConnectorCase[] = [
  ...["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "MKCOL"].map((method) =>
    serviceCase(`the method ${method} is sent`, async (service, { origin }) => {
      assertEquals((await echo(service, `${origin}/echo`, { method })).method, method);
    })
  ),
  ...["X-UNHEARD-OF", "X!#$%&'*+.^_`|~9"].flatMap((method) => [
    serviceCase(`the method ${method} is sent`, async (service, { origin }) => {
      assertEquals((await echo(service, `${origin}/echo`, { method })).method, method);
    }, ["extension-methods"]),
    serviceCase(`the method ${method} is refused by name`, async (service, { origin }) => {
      await assertHttpError(
        service.call(request(`${origin}/echo`, { method })),
        "request",
        "HTTP-request-method-invalid",
      );
    }, ["!extension-methods"]),
  ]),
  ...["get", "Put", "delete"].flatMap((method) => [
    serviceCase(`the method "${method}" is sent in this case`, async (service, { origin }) => {
      assertEquals((await echo(service, `${origin}/echo`, { method })).method, method);
    }, ["method-case"]),
    serviceCase(`the method "${method}" is refused rather than changed`, async (service, { origin }) => {
      await assertHttpError(
        service.call(request(`${origin}/echo`, { method })),
        "request",
        "HTTP-request-method-invalid",
      );
    }, ["!method-case"]),
  ]),
  serviceCase("TRACE is sent", async (service, { origin }) => {
    assertEquals((await echo(service, `${origin}/echo`, { method: "TRACE" })).method, "TRACE");
  }, ["trace"]),
  serviceCase("TRACE is refused by name", async (service, { origin }) => {
    const error = await assertHttpError(
      service.call(request(`${origin}/echo`, { method: "TRACE" })),
      "request",
      "HTTP-request-method-invalid",
    );
    assert(error.message.includes("TRACE"), "The message names the method");
  }, ["!trace"]),
  ...["", "BAD METHOD", "GET\r\nx: y", "GÉT"].map((method) =>
    serviceCase(`the method ${JSON.stringify(method)} is refused`, async (service, { origin }) => {
      await assertHttpError(
        service.call(request(`${origin}/echo`, { method })),
        "request",
        "HTTP-request-method-invalid",
      );
    })
  ),
  ...[
    "/echo?a=b%20c&d=%C3%A9&&e=1+2",
    "/echo/%2F%7e%41%zz",
    "/echo//double//slashes/",
    "/echo/-._~!$&()*+,;=:@",
    "/echo/file.txt?x=../y/./z",
    "/echo/...and/.hidden/x..",
  ].map((target) =>
    serviceCase(`the target ${target} is sent as written`, async (service, { origin }) => {
      assertEquals((await echo(service, origin + target)).target, target);
    })
  ),
  serviceCase("an empty path is sent as a slash", async (service, { origin }) => {
    assertEquals((await echo(service, origin)).target, "/");
    assertEquals((await echo(service, `${origin}?x=1`)).target, "/?x=1");
  }),
  serviceCase("a fragment is not sent", async (service, { origin }) => {
    assertEquals((await echo(service, `${origin}/echo?a=1#part?x=2`)).target, "/echo?a=1");
  }),
  ...["/echo/a/../b", "/echo/./b", "/echo/%2e%2e/b", "/echo/a/%2E", "/echo/b?"].flatMap((target) => [
    serviceCase(`the target ${target} is sent raw`, async (service, { origin }) => {
      assertEquals((await echo(service, origin + target)).target, target);
    }, ["raw-path"]),
    serviceCase(`the target ${target} is refused rather than rewritten`, async (service, { origin }) => {
      const error = await assertHttpError(
        service.call(request(origin + target)),
        "request",
        "HTTP-request-URI-invalid",
      );
      assert(error.message.includes("NodeHttpConnector"), "The message says what can send it");
    }, ["!raw-path"]),
  ]),
  ...[
    "",
    "not a url",
    "/relative",
    "ftp://127.0.0.1/",
    "http://",
    "http:///x",
    "http://127.0.0.1:99999/",
    "http://a b/",
  ]
    .map((url) =>
      serviceCase(`the URL ${JSON.stringify(url)} is refused`, async (service) => {
        await assertHttpError(service.call(request(url)), "request", "HTTP-request-URI-invalid");
      })
    ),
  serviceCase("line breaks in a URL are refused", async (service, { origin }) => {
    for (const bad of ["/echo\r\nx: y", "/echo\n", "/ec\tho", "/echo\0"]) {
      await assertHttpError(service.call(request(origin + bad)), "request", "HTTP-request-URI-invalid");
    }
  }),
  serviceCase("user information in a URL is refused, and not shown", async (service, { origin }) => {
    const url = origin.replace("://", "://someone:hunter2@") + "/echo";
    const error = await assertHttpError(service.call(request(url)), "request", "HTTP-request-URI-invalid");
    assert(!error.message.includes("hunter2"), "The message shows the password");
  }),
  serviceCase("header lines are sent", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, {
      headers: [["x-one", "1"], ["X-Two", 'a, b;c="d"'], ["x-empty", ""], ["user-agent", "conformance/1"]],
    });
    assertEquals(sent(seen, "x-one"), ["1"]);
    assertEquals(sent(seen, "x-two"), ['a, b;c="d"']);
    assertEquals(sent(seen, "x-empty"), [""]);
    assertEquals(sent(seen, "user-agent"), ["conformance/1"]);
  }),
  serviceCase("names that objects have are header names like others", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, {
      headers: [["constructor", "1"], ["toString", "2"], ["valueOf", "3"], ["constructor", "4"]],
    });
    assertEquals(sent(seen, "constructor").join(", "), "1, 4");
    for (const [name, value] of [["tostring", "2"], ["valueof", "3"]]) {
      assertEquals(sent(seen, name!), [value!]);
    }
  }),
  serviceCase("__proto__ is sent, or refused by name", async (service, { origin }) => {
    const get = service.call(request(`${origin}/echo`, { headers: [["__proto__", "1"], ["x-after", "2"]] }));
    try {
      const seen = JSON.parse(await (await get).text());
      assertEquals([sent(seen, "__proto__"), sent(seen, "x-after")], [["1"], ["2"]]);
    } catch (error) {
      assert(error instanceof HttpError && error.message.includes("__proto__"), `Not by name: ${error}`);
    }
  }),
  serviceCase("header values are sent as Latin-1 bytes", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, { headers: [["x-latin1", "caf\xe9 \xff\x80"]] });
    assertEquals(sent(seen, "x-latin1"), ["caf\xe9 \xff\x80"]);
  }, ["latin1-headers"]),
  serviceCase("header values beyond ASCII are refused rather than changed", async (service, { origin }) => {
    const headers = [["x-latin1", "caf\xe9"]] as const;
    await assertHttpError(service.call(request(`${origin}/echo`, { headers })), "request");
  }, ["!latin1-headers"]),
  serviceCase("repeated header lines all arrive, in order", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, {
      headers: [["x-dup", "one"], ["x-other", "-"], ["X-Dup", "two"], ["x-dup", "three"]],
    });
    assertEquals(sent(seen, "x-dup").join(", "), "one, two, three");
  }),
  serviceCase("cookies of several lines are joined with a semicolon", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, { headers: [["cookie", "a=1"], ["Cookie", "b=2"]] });
    assertEquals(sent(seen, "cookie").join("; "), "a=1; b=2");
  }),
  serviceCase("host is that of the URL", async (service, { origin }) => {
    assertEquals(sent(await echo(service, `${origin}/echo`), "host"), [new URL(origin).host]);
  }),
  serviceCase("a host that says the same is accepted", async (service, { origin }) => {
    const { host } = new URL(origin);
    assertEquals(sent(await echo(service, `${origin}/echo`, { headers: [["Host", host]] }), "host"), [host]);
  }),
  serviceCase("another host is sent", async (service, { origin }) => {
    const headers = [["host", "virtual.example"]] as const;
    assertEquals(sent(await echo(service, `${origin}/echo`, { headers }), "host"), ["virtual.example"]);
  }, ["host-header"]),
  serviceCase("another host is refused by name", async (service, { origin }) => {
    const headers = [["host", "virtual.example"]] as const;
    const error = await assertHttpError(service.call(request(`${origin}/echo`, { headers })), "request");
    assert(error.message.includes("virtual.example"), "The message names the host");
  }, ["!host-header"]),
  serviceCase("identity is asked for where no coding is", async (service, { origin }) => {
    assertEquals(sent(await echo(service, `${origin}/echo`), "accept-encoding"), ["identity"]);
  }),
  serviceCase("an accept-encoding that is given is kept", async (service, { origin }) => {
    const seen = await echo(service, `${origin}/echo`, { headers: [["Accept-Encoding", "gzip"]] });
    assertEquals(sent(seen, "accept-encoding"), ["gzip"]);
  }),
  ...[["", "x"], ["bad name", "x"], ["x:", "y"], ["x-é", "y"]].map(([name, value]) =>
    serviceCase(`the header name ${JSON.stringify(name)} is refused`, async (service, { origin }) => {
      await assertHttpError(
        service.call(request(`${origin}/echo`, { headers: [[name!, value!]] })),
        "request",
      );
    })
  ),
  serviceCase(
    "header values with line breaks, NUL or beyond Latin-1 are refused and not shown",
    async (service, { origin }) => {
      for (
        const value of ["hunter2\r\nx-injected: 1", "hunter2\n", "hunter2\0", "hunter2\x7f", "hunter2 \u20ac"]
      ) {
        const headers = [["x-value", value]] as const;
        const error = await assertHttpError(service.call(request(`${origin}/echo`, { headers })), "request");
        assert(!error.message.includes("hunter2"), "The message shows the value");
      }
    },
  ),
];
