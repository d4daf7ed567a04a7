import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AddressClass,
  cidrContains,
  classifyIp,
  formatCidr,
  formatIp,
  isSpecialCidr,
  networkOf,
  parseCidr,
  parseIp,
  sameIp,
  unfoldIp,
} from "../../../src/http/policy/address.ts";

const v4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
// Zero groups often, or "::" would hardly ever be met.
const v6 = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
})
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));
const ip = fc.oneof(v4, v6);

Deno.test("parse after format is the identity", () => {
  fc.assert(fc.property(ip, (address) => assert.deepEqual(parseIp(formatIp(address)), address)));
});

Deno.test("format agrees with the platform's URL parser", () => {
  fc.assert(fc.property(ip, (address) => {
    const text = formatIp(address);
    const host = address.length === 4 ? text : `[${text}]`;
    assert.equal(new URL(`http://${host}/`).hostname, host);
  }));
});

Deno.test("what the platform takes for an IPv6 address we do too, and the other way round", () => {
  const text = fc.array(
    fc.constantFrom(":", "::", "0", "1", "f", "ff", "ffff", "12345", "1.2.3.4", "g", "."),
    {
      maxLength: 14,
    },
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text.filter((text) => text.includes(":")), (text) => {
      assert.equal(parseIp(text) !== undefined, URL.canParse(`http://[${text}]/`), text);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("parse refuses what is not strictly an address", () => {
  const bad = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "0x7f.0.0.1",
    "1.2.3.4 ",
    "1..2.3",
    "1.2.3.-4",
  ];
  bad.push(
    "::1%eth0",
    "[::1]",
    "1::2::3",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8:9",
    "1:2:3:4::5:6:7:8",
  );
  bad.push("::1.2.3", "1.2.3.4::", "g::", "00001::", ":1::", "1:");
  for (const text of bad) assert.equal(parseIp(text), undefined, text);
});

Deno.test("RFC 5952 examples", () => {
  const table: Array<[string, string]> = [
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["::FFFF:1.2.3.4", "::ffff:102:304"],
    ["1:0:0:2::", "1:0:0:2::"],
  ];
  for (const [text, canonical] of table) assert.equal(formatIp(parseIp(text)!), canonical);
});

Deno.test("a network contains its addresses, and no address with another bit in the prefix", () => {
  fc.assert(fc.property(ip, fc.nat(), fc.nat(), (address, bits, flip) => {
    const width = address.length * 8;
    const prefix = bits % (width + 1);
    const cidr = { address: networkOf(address, prefix), prefix };
    assert.ok(cidrContains(cidr, address));
    assert.deepEqual(parseCidr(formatCidr(cidr)), cidr);
    const at = flip % width;
    const other = address.slice();
    other[at >> 3]! ^= 0x80 >> (at & 7);
    assert.equal(cidrContains(cidr, other), at >= prefix);
  }));
});

Deno.test("networks are read strictly", () => {
  assert.equal(formatCidr(parseCidr("10.0.0.0/8")!), "10.0.0.0/8");
  for (
    const bad of [
      "10.0.0.0",
      "10.1.0.0/8",
      "10.0.0.0/33",
      "::/129",
      "10.0.0.0/08",
      "10.0.0.0/-1",
      "x/8",
      "/8",
    ]
  ) {
    assert.equal(parseCidr(bad), undefined, bad);
  }
  assert.ok(!cidrContains(parseCidr("0.0.0.0/0")!, parseIp("::1")!));
});

Deno.test("every embedding of an IPv4 address is that address", () => {
  fc.assert(fc.property(v4, (address) => {
    const dotted = formatIp(address);
    const [a, b, c, d] = address as unknown as [number, number, number, number];
    const hex = (high: number, low: number) => ((high << 8) | low).toString(16);
    const spellings = [`::ffff:${dotted}`, `::ffff:0:${dotted}`, `64:ff9b::${dotted}`];
    spellings.push(`2002:${hex(a, b)}:${hex(c, d)}::1`);
    // ::0.0.0.0 and ::0.0.0.1 are "::" and "::1".
    if (a || b || c || d > 1) spellings.push(`::${dotted}`);
    for (const text of spellings) {
      assert.ok(sameIp(unfoldIp(parseIp(text)!), address), text);
      assert.equal(classifyIp(parseIp(text)!), classifyIp(address), text);
    }
  }));
});

Deno.test("addresses are told apart by what they are for", () => {
  const table: Record<AddressClass, string[]> = {
    "global": [
      "1.1.1.1",
      "8.8.8.8",
      "9.255.255.255",
      "11.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "126.255.255.255",
      "128.0.0.0",
      "169.253.255.255",
      "172.15.255.255",
      "172.32.0.0",
      "192.167.255.255",
      "198.17.255.255",
      "198.20.0.0",
      "223.255.255.255",
      "2606:4700::1111",
      "2a00:1450::1",
      "::ffff:8.8.8.8",
      "64:ff9b::8.8.8.8",
      "2002:808:808::1",
    ],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"],
    "loopback": ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "2002:7f00:1::"],
    "private": [
      "10.0.0.1",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "fc00::1",
      "fdff::1",
      "fec0::1",
      "64:ff9b::10.0.0.1",
      "64:ff9b:1::8.8.8.8",
      "2002:c0a8:101::1",
    ],
    "shared": ["100.64.0.1", "100.127.255.255"],
    "link-local": ["169.254.0.1", "fe80::1", "febf::1"],
    "documentation": ["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1", "3fff::1"],
    "benchmarking": ["198.18.0.1", "198.19.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "reserved": [
      "192.0.0.1",
      "192.88.99.1",
      "240.0.0.1",
      "255.255.255.255",
      "100::1",
      "2001::1",
      "2001:10::1",
      "5f00::1",
      "4000::1",
      "1000::1",
    ],
    "metadata": [
      "169.254.169.254",
      "169.254.170.2",
      "169.254.170.23",
      "fd00:ec2::254",
      "fd20:ce::254",
      "100.100.100.200",
      "192.0.0.192",
      "168.63.129.16",
      "::ffff:169.254.169.254",
      "64:ff9b::a9fe:a9fe",
      "2002:a9fe:a9fe::",
    ],
  };
  for (const [use, addresses] of Object.entries(table)) {
    for (const text of addresses) assert.equal(classifyIp(parseIp(text)!), use, text);
  }
});

Deno.test("a network is special only where all of it is", () => {
  for (
    const text of ["10.0.0.0/8", "10.1.0.0/16", "127.0.0.0/8", "fd00::/8", "fc00::/7", "169.254.169.254/32"]
  ) {
    assert.ok(isSpecialCidr(parseCidr(text)!), text);
  }
  for (
    const text of [
      "0.0.0.0/0",
      "8.0.0.0/6",
      "172.0.0.0/11",
      "::/0",
      "64:ff9b::/96",
      "2002::/16",
      "8.8.8.8/32",
    ]
  ) {
    assert.ok(!isSpecialCidr(parseCidr(text)!), text);
  }
});
