/** URLs whose bucket is the ARN of an access point. */
import { ConfigurationError } from "../../../store/error.ts";

// arn:partition:service:region:account:resource. Names hold neither colon nor slash, so where the key begins is never
// in doubt; between the resource's parts AWS takes either.
const ARN_URL =
  /^(s3a?:\/\/)(arn:(?:[^:/]*:){4}(?:outpost[:/][^:/]+[:/])?accesspoint[:/][^:/]+)(?:\/([^]*))?$/i;

/**
 * `s3://arn:…:accesspoint/NAME/key` with the whole ARN in its host's place, percent-encoded: URL parsers take what
 * stands after a colon for a port. Other texts come back as they are.
 *
 * @param shown The text as errors show it.
 * @throws {ConfigurationError} for an ARN of anything but an access point.
 */
export function arnAsHost(text: string, shown: string): string {
  if (!/^s3a?:\/\/arn:/i.test(text)) return text;
  const match = ARN_URL.exec(text);
  if (match !== null) return `${match[1]}${encodeURIComponent(match[2]!)}/${match[3] ?? ""}`;
  const bucket = /^s3a?:\/\/arn:[^:]*:s3:::([^/]+)/i.exec(text)?.[1];
  throw new ConfigurationError(
    `Cannot open ${shown}: ` +
      (bucket === undefined
        ? 'it holds no ARN of an access point, as in "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/name/key"'
        : `of a bucket, give the name and not the ARN: "s3://${bucket}/"`),
    { store: "S3", key: "url" },
  );
}
