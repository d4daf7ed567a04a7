import assert from "node:assert/strict";
import { redactHeaders, redactUrl } from "../../src/http/redact.ts";

Deno.test("secrets leave URLs, the rest stays", () => {
  const table: Array<[string, string]> = [
    ["https://h/a?b=c", "https://h/a?b=c"],
    ["https://user:pw@h/a@b", "https://h/a@b"],
    ["https://u:p@w@h/", "https://h/"],
    ["https://h/a#access_token=x", "https://h/a"],
    [
      "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=AK&x-amz-signature=deadbeef&X-Amz-Security-Token=t%3D",
      "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=REDACTED&x-amz-signature=REDACTED&X-Amz-Security-Token=REDACTED",
    ],
    [
      "https://a.blob.core.windows.net/c?sv=2023&sig=abc%2B&se=x",
      "https://a.blob.core.windows.net/c?sv=2023&sig=REDACTED&se=x",
    ],
    [
      "https://h/?X-Goog-Signature=a&Signature=b&AWSAccessKeyId=c",
      "https://h/?X-Goog-Signature=REDACTED&Signature=REDACTED&AWSAccessKeyId=REDACTED",
    ],
    [
      "https://h/?X%2DAmz%2DSignature=a&%zz=1&token=t",
      "https://h/?X%2DAmz%2DSignature=REDACTED&%zz=1&token=REDACTED",
    ],
    ["https://h/?continuation-token=abc&list-type=2", "https://h/?continuation-token=abc&list-type=2"],
    ["not a url", "not a url"],
    ["http:\\\\u:p@h\\", "http:\\\\h\\"],
  ];
  for (const [url, shown] of table) assert.equal(redactUrl(url), shown);
});

Deno.test("secrets leave headers, order and names stay", () => {
  assert.deepEqual(
    redactHeaders([
      ["Authorization", "AWS4-HMAC-SHA256 …"],
      ["x-amz-security-token", "t"],
      ["X-Amz-Server-Side-Encryption-Customer-Key", "k"],
      ["x-amz-copy-source-server-side-encryption-customer-key-md5", "k"],
      ["x-amz-server-side-encryption-aws-kms-key-id", "arn"],
      ["x-ms-encryption-key", "k"],
      ["x-goog-encryption-key", "k"],
      ["Set-Cookie", "a=b"],
      ["set-cookie", "c=d"],
      ["x-ms-copy-source", "https://h/b?sig=s"],
      ["content-type", "text/plain"],
    ]),
    [
      ["Authorization", "REDACTED"],
      ["x-amz-security-token", "REDACTED"],
      ["X-Amz-Server-Side-Encryption-Customer-Key", "REDACTED"],
      ["x-amz-copy-source-server-side-encryption-customer-key-md5", "REDACTED"],
      ["x-amz-server-side-encryption-aws-kms-key-id", "arn"],
      ["x-ms-encryption-key", "REDACTED"],
      ["x-goog-encryption-key", "REDACTED"],
      ["Set-Cookie", "REDACTED"],
      ["set-cookie", "REDACTED"],
      ["x-ms-copy-source", "https://h/b?sig=REDACTED"],
      ["content-type", "text/plain"],
    ],
  );
});
