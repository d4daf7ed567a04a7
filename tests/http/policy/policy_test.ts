import assert from "node:assert/strict";
import fc from "fast-check";
import { allowList, type AllowListOptions } from "../../../src/http/policy/allow_list.ts";
import { HttpError } from "../../../src/http/error.ts";
import {
  allowAll,
  denyAll,
  type NetworkPolicy,
  policyError,
  withPolicy,
} from "../../../src/http/policy/policy.ts";
import { ConfigurationError } from "../../../src/store/error.ts";
import { get } from "../calls.ts";
import { fails, FakeService, respond } from "../fakes.ts";

/** `true`, or the reason of the refusal. */
function ask(entries: string[] | NetworkPolicy, url: string, options?: AllowListOptions): true | string {
  const decision = (Array.isArray(entries) ? allowList(entries, options) : entries).checkUrl(url);
  return decision.allowed || decision.reason;
}

function askAddress(
  entries: string[],
  url: string,
  address: string,
  options?: AllowListOptions,
): true | string {
  const decision = allowList(entries, options).checkAddress(url, address);
  return decision.allowed || decision.reason;
}

Deno.test("entries: what each form allows and what it does not", () => {
  const table: Array<[entry: string, allowed: string[], refused: string[]]> = [
    [
      "api.example.com",
      [
        "http://api.example.com/",
        "https://api.example.com/x?y",
        "https://api.example.com:443/",
        "HTTPS://API.Example.COM./",
      ],
      [
        "https://api.example.com:8443/",
        "http://api.example.com:443/",
        "https://example.com/",
        "https://x.api.example.com/",
        "https://api.example.com.evil.com/",
      ],
    ],
    ["api.example.com:8443", ["https://api.example.com:8443/", "http://api.example.com:8443/"], [
      "https://api.example.com/",
    ]],
    [
      "api.example.com:8000-8999",
      ["http://api.example.com:8000/", "https://api.example.com:8999/"],
      ["http://api.example.com:7999/", "http://api.example.com:9000/", "http://api.example.com/"],
    ],
    ["api.example.com:*", ["http://api.example.com:1/", "https://api.example.com:65535/"], [
      "http://example.com:1/",
    ]],
    ["https://api.example.com", ["https://api.example.com/"], [
      "http://api.example.com/",
      "http://api.example.com:443/",
    ]],
    ["https://api.example.com/", ["https://api.example.com/"], ["http://api.example.com/"]],
    ["*://api.example.com", ["https://api.example.com/", "http://api.example.com/"], [
      "https://example.com/",
    ]],
    [
      "*.example.com",
      ["https://a.example.com/", "https://a.b.example.com/", "http://A.EXAMPLE.com./"],
      [
        "https://example.com/",
        "https://aexample.com/",
        "https://example.com.evil.com/",
        "https://a.example.com:8443/",
      ],
    ],
    ["https://*.example.com:8443", ["https://a.example.com:8443/"], [
      "http://a.example.com:8443/",
      "https://a.example.com/",
    ]],
    ["*", ["https://any.example/", "http://any.example/", "http://8.8.8.8/"], ["http://any.example:81/"]],
    ["https://*", ["https://any.example/"], ["http://any.example/"]],
    ["*:*", ["https://any.example:1234/", "http://any.example:81/"], []],
    ["127.0.0.1:9000", ["http://127.0.0.1:9000/"], [
      "http://127.0.0.1/",
      "http://127.0.0.2:9000/",
      "http://localhost:9000/",
    ]],
    ["http://[::1]:9000", ["http://[::1]:9000/", "http://[0:0:0:0:0:0:0:1]:9000/"], ["https://[::1]:9000/"]],
    ["::1", ["http://[::1]/"], ["http://[::1]:9000/"]],
    ["10.0.0.0/8", ["http://10.1.2.3/", "https://[::ffff:10.1.2.3]/"], [
      "http://11.0.0.1/",
      "http://10.1.2.3:81/",
      "http://ten.example/",
    ]],
    ["http://10.0.0.0/8:9000", ["http://10.1.2.3:9000/"], ["https://10.1.2.3:9000/", "http://10.1.2.3/"]],
    ["10.0.0.0/8:*/", ["http://10.1.2.3:9/"], ["http://9.1.2.3:9/"]],
    ["[fd00::]/8:8080", ["http://[fd12::1]:8080/"], ["http://[fe80::1]:8080/"]],
    ["::ffff:10.0.0.0/104", ["http://10.1.2.3/"], ["http://11.1.2.3/"]],
    ["8.8.8.0/24", ["http://8.8.8.8/"], ["http://8.8.9.8/"]],
    ["bücher.example", ["https://xn--bcher-kva.example/", "https://BÜCHER.example/"], [
      "https://bucher.example/",
    ]],
    ["0x7f.1:80", ["http://127.0.0.1/"], ["http://127.0.0.2/"]],
    ["minio:9000", ["http://minio:9000/"], ["http://minio/", "http://minio.example:9000/"]],
    ["*.localhost:*", ["http://a.localhost:3000/"], ["http://localhost:3000/"]],
    [" api.example.com ", ["https://api.example.com/"], []],
  ];
  for (const [entry, allowed, refused] of table) {
    for (const url of allowed) assert.equal(ask([entry], url), true, `${entry} should allow ${url}`);
    for (const url of refused) {
      assert.equal(ask([entry], url), "not-listed", `${entry} should not allow ${url}`);
    }
  }
});

Deno.test("entries that cannot be read name themselves and what is wrong", () => {
  const table: Array<[string, RegExp]> = [
    ["", /empty.*"\*"/],
    ["ftp://example.com", /scheme must be/],
    ["://example.com", /scheme must be/],
    ["example.com/path", /paths/],
    ["https://example.com/a/", /paths/],
    ["example.com?q", /paths/],
    ["example.com#f", /paths/],
    ["example.com//", /paths/],
    ["example.com:0", /1 to 65535/],
    ["example.com:65536", /1 to 65535/],
    ["example.com:", /1 to 65535/],
    ["example.com:http", /1 to 65535/],
    ["example.com:1..9", /1 to 65535/],
    ["example.com:9-8", /reversed/],
    ["a.*.example.com", /wildcard/],
    ["*example.com", /wildcard/],
    ["*.*.example.com", /wildcard/],
    ["*.", /names no host/],
    ["*.10.0.0.1", /wildcard cannot stand before an address/],
    ["https://", /names no host/],
    ["10.1.0.0/8", /write "10.0.0.0\/8"/],
    ["10.0.0.0/33", /0 to 32/],
    ["::/129", /0 to 128/],
    ["::1:x", /\[address\]:port/],
    ["[::1", /\[address\]:port/],
    ["[fe80::1%25eth0]", /not a valid host/],
    ["exa mple.com", /not a valid host/],
    ["a..b", /not a valid host/],
    ["256.1.1.1", /not a valid host/],
    ["user:pw@example.com", /user information/],
  ];
  for (const [entry, why] of table) {
    assert.throws(() => allowList(["ok.example", entry]), (error) => {
      assert.ok(error instanceof ConfigurationError, entry);
      assert.match(error.message, why, entry);
      assert.ok(!error.message.includes("pw"));
      return error.message.startsWith('Cannot read the allow-list entry "');
    });
  }
});

// Spellings of addresses that a wildcard must never reach, and that attackers write.
const SSRF = [
  "http://127.0.0.1/",
  "http://127.0.0.1./",
  "http://127.1/",
  "http://127.0.1/",
  "http://127.255.255.254/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0X7F.0x0.0x0.0x1/",
  "http://0x7f.1/",
  "http://017700000001/",
  "http://0177.0.0.01/",
  "http://0177.1/",
  "http://１２７.０.０.１/",
  "http://①②⑦.0.0.1/",
  "http://127。0。0。1/",
  "http://127%2e0%2e0%2e1/",
  "http://%31%32%37.0.0.1/",
  "http://0/",
  "http://0.0.0.0/",
  "http://0x0/",
  "http://00000/",
  "http://[::]/",
  "http://[::1]/",
  "http://[0:0:0:0:0:0:0:1]/",
  "http://[::0001]/",
  "http://[::127.0.0.1]/",
  "http://[::7f00:1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::FFFF:7F00:1]/",
  "http://[0:0:0:0:0:ffff:7f00:0001]/",
  "http://[::ffff:0:127.0.0.1]/",
  "http://[64:ff9b::127.0.0.1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[64:ff9b:1::7f00:1]/",
  "http://[2002:7f00:1::]/",
  "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
  "http://localhost/",
  "http://LOCALHOST/",
  "http://localhost./",
  "http://ｌｏｃａｌｈｏｓｔ/",
  "http://%6cocalhost/",
  "http://foo.localhost/",
  "http://10.0.0.1/",
  "http://012.0.0.1/",
  "http://167772161/",
  "http://172.16.0.1/",
  "http://192.168.0.1/",
  "http://0xc0a80001/",
  "http://[fc00::1]/",
  "http://[fd00::1]/",
  "http://[fe80::1]/",
  "http://[fec0::1]/",
  "http://[ff02::1]/",
  "http://100.64.0.1/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://198.18.0.1/",
  "http://169.254.169.254/latest/meta-data/",
  "http://169.254.43518/",
  "http://2852039166/",
  "http://0xa9fea9fe/",
  "http://0xA9.0xFE.0xA9.0xFE/",
  "http://0251.0376.0251.0376/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[::ffff:169.254.169.254]/",
  "http://[64:ff9b::169.254.169.254]/",
  "http://[2002:a9fe:a9fe::]/",
  "http://[fd00:ec2::254]/",
  "http://[fd20:ce::254]/",
  "http://169.254.170.2/v2/credentials",
  "http://169.254.170.23/",
  "http://100.100.100.200/",
  "http://192.0.0.192/",
  "http://168.63.129.16/",
  "http://metadata.google.internal/",
  "http://METADATA.google.internal./",
  "http://metadata/",
  "http://instance-data/",
];

Deno.test("wildcards never reach special addresses, however they are spelt", () => {
  for (const entries of [["*"], ["*:*"], ["http://*", "https://*"], ["0.0.0.0/0", "::/0", "*"]]) {
    const policy = allowList(entries);
    for (const url of SSRF) assert.equal(ask(policy, url), "prohibited-address", `${entries} ${url}`);
    // The second answer may come from the cache.
    for (const url of SSRF) assert.equal(ask(policy, url), "prohibited-address", `${entries} ${url}`);
  }
});

Deno.test("URLs that could be read two ways are invalid even where everything is listed", () => {
  const bad = [
    "http://user@127.0.0.1/",
    "http://user:pw@example.com/",
    "http://@example.com/",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com:80\\@127.0.0.1/",
    "http://127.0.0.1%00.example.com/",
    "http://127.0.0.1 .example.com/",
    "http://127.0.0.1\t/",
    "http://127.0.0.1\n.example.com/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://example.com:0/",
    "http://localhost../",
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "ftp://127.0.0.1/",
    "javascript:alert(1)",
    "/relative",
    "",
  ];
  for (const url of bad) assert.equal(ask(["*:*", "127.0.0.1:*"], url), "invalid", JSON.stringify(url));
});

Deno.test("special addresses are reached when named outright", () => {
  assert.equal(ask(["127.0.0.1"], "http://2130706433/"), true);
  assert.equal(ask(["localhost"], "http://LOCALHOST./"), true);
  assert.equal(ask(["10.0.0.0/8"], "http://[::ffff:10.0.0.1]/"), true);
  assert.equal(ask(["169.254.169.254"], "http://169.254.169.254/"), true);
  assert.equal(ask(["169.254.169.254/32"], "http://0xa9fea9fe/"), true);
  assert.equal(ask(["metadata.google.internal"], "http://metadata.google.internal/"), true);
  // Metadata needs more than a network around it, even where all else is private and welcome.
  assert.equal(ask(["169.254.0.0/16"], "http://169.254.1.1/"), true);
  assert.equal(ask(["169.254.0.0/16"], "http://169.254.169.254/"), "prohibited-address");
  assert.equal(ask(["*.google.internal"], "http://metadata.google.internal/"), "prohibited-address");
  assert.equal(
    ask(["*", "169.254.0.0/16"], "http://169.254.169.254/", { allowPrivate: true }),
    "prohibited-address",
  );
  assert.equal(ask(["*"], "http://10.0.0.1/", { allowPrivate: true }), true);
  assert.equal(ask(["*"], "http://localhost/", { allowPrivate: true }), true);
});

Deno.test("names are decided again for each address they resolve to", () => {
  const table: Array<[entries: string[], url: string, address: string, answer: true | string]> = [
    [["api.example.com"], "https://api.example.com/", "93.184.216.34", true],
    [["api.example.com"], "https://api.example.com/", "2606:2800:220:1::1", true],
    // Rebinding: the name was named, the address was not.
    [["api.example.com"], "https://api.example.com/", "127.0.0.1", "prohibited-address"],
    [["api.example.com"], "https://api.example.com/", "::ffff:127.0.0.1", "prohibited-address"],
    [["api.example.com"], "https://api.example.com/", "169.254.169.254", "prohibited-address"],
    [["api.example.com"], "https://api.example.com/", "10.0.0.1", "prohibited-address"],
    [["*"], "https://127.0.0.1.nip.io/", "127.0.0.1", "prohibited-address"],
    [["*.internal"], "https://a.internal/", "10.0.0.1", "prohibited-address"],
    // The address is vouched for, by scheme and port.
    [["api.example.com", "10.0.0.0/8"], "https://api.example.com/", "10.0.0.1", true],
    [["api.example.com", "10.0.0.1"], "https://api.example.com/", "::ffff:10.0.0.1", true],
    [["api.example.com", "http://10.0.0.0/8"], "https://api.example.com/", "10.0.0.1", "prohibited-address"],
    [
      ["api.example.com:9000", "10.0.0.0/8"],
      "https://api.example.com:9000/",
      "10.0.0.1",
      "prohibited-address",
    ],
    [["api.example.com", "0.0.0.0/0"], "https://api.example.com/", "10.0.0.1", "prohibited-address"],
    // Loopback names.
    [["localhost:9000"], "http://localhost:9000/", "127.0.0.1", true],
    [["localhost:9000"], "http://localhost:9000/", "::1", true],
    [["localhost:9000"], "http://localhost:9000/", "10.0.0.1", "prohibited-address"],
    [["*.localhost:*"], "http://a.localhost:9000/", "127.0.0.1", true],
    // Names that nobody outside can re-point.
    [["minio:9000"], "http://minio:9000/", "172.18.0.3", true],
    [["minio.corp.internal"], "http://minio.corp.internal/", "10.1.2.3", true],
    [["printer.local"], "http://printer.local/", "fe80::1%eth0", true],
    [["minio:9000"], "http://minio:9000/", "169.254.169.254", "prohibited-address"],
    [["minio:9000"], "http://minio:9000/", "224.0.0.1", "prohibited-address"],
    [["metadata.google.internal"], "http://metadata.google.internal/", "169.254.169.254", true],
    [["metadata.google.internal"], "http://metadata.google.internal/", "10.0.0.1", "prohibited-address"],
    // Addresses as hosts.
    [["127.0.0.1:9000"], "http://127.0.0.1:9000/", "127.0.0.1", true],
    [["127.0.0.1:9000"], "http://127.0.0.1:9000/", "::ffff:127.0.0.1", true],
    [["127.0.0.1:9000"], "http://127.0.0.1:9000/", "10.0.0.1", "prohibited-address"],
    // What the URL does not pass, no address makes pass.
    [["other.example"], "https://api.example.com/", "93.184.216.34", "not-listed"],
    [["10.0.0.0/8"], "https://api.example.com/", "10.0.0.1", "not-listed"],
    [["*"], "http://u@example.com/", "93.184.216.34", "invalid"],
    [["*"], "http://example.com/", "not an address", "prohibited-address"],
  ];
  for (const [entries, url, address, answer] of table) {
    assert.equal(askAddress(entries, url, address), answer, `${entries} ${url} ${address}`);
  }
  assert.equal(askAddress(["*"], "http://a.example/", "10.0.0.1", { allowPrivate: true }), true);
  assert.equal(
    askAddress(["*"], "http://a.example/", "169.254.169.254", { allowPrivate: true }),
    "prohibited-address",
  );
});

Deno.test("a refusal tells which entry to add, and that entry works", () => {
  const urls = [
    "https://a.example/x?sig=s",
    "http://a.example:81/",
    "http://127.0.0.1:9000/",
    "http://[::1]:1/",
    "http://[fd00::1]/",
  ];
  urls.push("http://169.254.169.254/", "https://metadata.google.internal/", "http://[64:ff9b::a00:1]:5/");
  for (const url of urls) {
    for (const entries of [[], ["*:*"]]) {
      const decision = allowList(entries).checkUrl(url);
      if (decision.allowed) continue;
      const entry = /add "([^"]+)"/.exec(decision.message)?.[1];
      assert.ok(entry !== undefined, decision.message);
      assert.equal(ask([entry], url), true, `${entry} ${url}`);
      assert.ok(!decision.message.includes("sig="));
    }
  }
  const decision = allowList(["db.example:5000"]).checkAddress("http://db.example:5000/", "10.1.2.3");
  assert.deepEqual(decision, {
    allowed: false,
    reason: "prohibited-address",
    message: '"db.example" resolves to 10.1.2.3, a private address; add "http://10.1.2.3:5000" to allow that',
  });
  assert.equal(
    askAddress(["db.example:5000", "http://10.1.2.3:5000"], "http://db.example:5000/", "10.1.2.3"),
    true,
  );
});

Deno.test("an allowed decision names its entry", () => {
  assert.deepEqual(allowList(["a.example", "*.b.example"]).checkUrl("https://x.b.example/"), {
    allowed: true,
    rule: "*.b.example",
  });
});

Deno.test("no wildcard lets any spelling of a special IPv4 address through", () => {
  const radix = (n: number, how: number) =>
    how === 0 ? `${n}` : how === 1 ? `0x${n.toString(16)}` : `0${n.toString(8)}`;
  const special = fc.constantFrom<number[][]>([127, 0, 0, 0], [10, 0, 0, 0], [192, 168, 0, 0], [
    169,
    254,
    0,
    0,
  ], [
    172,
    16,
    0,
    0,
  ]);
  const policy = allowList(["*:*"]);
  fc.assert(fc.property(
    special,
    fc.nat(255),
    fc.nat(255),
    fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
    fc.integer({ min: 1, max: 4 }),
    fc.boolean(),
    ([a, b]: number[], c, d, how, parts, dot) => {
      const bytes = [a!, b!, c, d];
      // inet_aton: the last of fewer than four parts fills the remaining bytes.
      const last = bytes.slice(parts - 1).reduce((sum, byte) => sum * 256 + byte, 0);
      const written = [...bytes.slice(0, parts - 1), last].map((n, i) => radix(n, how[i]!)).join(".");
      assert.equal(ask(policy, `http://${written}${dot ? "." : ""}/`), "prohibited-address", written);
    },
  ));
});

Deno.test("many hosts do not grow the memory of decisions, nor change them", () => {
  const policy = allowList(["*.example.com"]);
  for (let i = 0; i < 3000; i++) {
    assert.equal(ask(policy, `https://h${i}.example.com/`), true);
    assert.equal(ask(policy, `https://h${i}.example.org/`), "not-listed");
  }
});

Deno.test("denyAll and allowAll", () => {
  assert.equal(ask(denyAll, "https://example.com/"), "not-listed");
  assert.equal(denyAll.checkAddress("https://example.com/", "8.8.8.8").allowed, false);
  assert.equal(ask(allowAll, "http://169.254.169.254/"), true);
  assert.equal(allowAll.checkAddress("http://x/", "127.0.0.1").allowed, true);
  assert.equal(ask([], "https://example.com/"), "not-listed");
});

Deno.test("the layer refuses before anything is sent, with the kind and detail that say why", async () => {
  const service = new FakeService(() => respond(200));
  const client = withPolicy(allowList(["*"]))(service);
  const table: Array<[string, string, string]> = [
    ["http://example.com:81/", "denied", "HTTP-request-denied"],
    ["http://127.0.0.1/", "denied", "destination-IP-prohibited"],
    ["http://user:pw@example.com/", "request", "HTTP-request-URI-invalid"],
  ];
  for (const [url, kind, tag] of table) {
    await assert.rejects(client.call(get(url)), (error) => {
      assert.ok(error instanceof HttpError);
      assert.equal(error.kind, kind);
      assert.equal(error.detail?.tag, tag);
      assert.ok(!error.message.includes("pw"));
      return true;
    });
  }
  assert.equal(service.requests.length, 0);
  assert.equal((await client.call(get("http://example.com/"))).status, 200);
  client.close?.();
  assert.equal(service.closed, 1);
  assert.match(
    policyError("connect", { allowed: false, reason: "not-listed", message: "no" }).message,
    /^Cannot connect: no$/,
  );
});

Deno.test("a redirect target is a new request and decided anew", async () => {
  const service = new FakeService(() => respond(302, "", [["location", "http://169.254.169.254/latest/"]]));
  const client = withPolicy(allowList(["https://example.com"]))(service);
  const response = await client.call(get("https://example.com/"));
  assert.equal(response.status, 302);
  await assert.rejects(
    client.call(get(response.headers[0]![1])),
    (error) => (error as HttpError).kind === "denied",
  );
  assert.equal(service.requests.length, 1);
});

Deno.test("a policy that throws has allowed nothing", async () => {
  const service = new FakeService(() => respond(200));
  const broken: NetworkPolicy = { checkUrl: fails(new Error("bug")), checkAddress: fails(new Error("bug")) };
  await assert.rejects(
    withPolicy(broken)(service).call(get()),
    (error) => (error as HttpError).kind === "denied",
  );
  assert.equal(service.requests.length, 0);
});
