/** `storeport sign`: presigned URLs. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { asSigner } from "../../store/capabilities.ts";
import { ConfigurationError, InvalidPathError } from "../../store/error.ts";
import { parseDuration } from "../../stores/common/config_values.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { addQuietOption, addStoreOptions, QUIET_RETRIES, type StoreFlags } from "../options.ts";

type Header = readonly [name: string, value: string];

interface Flags extends StoreFlags {
  readonly method: string;
  readonly expires: number;
  readonly header?: readonly Header[];
}

/** `storeport sign [options] <url...>`. */
export function sign(program: Command, context: Context): void {
  const command = program.command("sign")
    .description("Print presigned URLs, which let others make one kind of request for a limited time.")
    .argument("<url...>", "objects to sign URLs for; they need not exist")
    .option("-m, --method <method>", "method of the request: GET, HEAD, PUT, DELETE", method, "GET")
    .addOption(
      new Option("-e, --expires <duration>", "how long the URL works: 15m, 12h, at most 7d")
        .argParser(seconds).default(3600, "1h"),
    )
    .option("-H, --header <name:value>", "header that the request must carry; may be repeated", header)
    .addHelpText(
      "after",
      `
Anyone who has the URL can use it: treat it like a password. With temporary credentials it stops working when they
expire, if that is earlier.

Examples:
  storeport sign s3://my-bucket/report.pdf
  curl -T file.bin "$(storeport sign -m PUT --expires 10m s3://my-bucket/inbox/file.bin)"
  storeport sign -m PUT -H content-type:text/plain s3://my-bucket/note.txt`,
    );
  addQuietOption(addStoreOptions(command), QUIET_RETRIES).action(async (urls: string[], flags: Flags) => {
    context.requireUrl("-o", flags.option, urls);
    const { method, expires, header } = flags;
    for (const url of urls) {
      const { store, path } = await context.open(url, { options: flags.option });
      try {
        const signed = await asSigner(store).signedUrl(method, path, expires, {
          signedHeaders: header,
          signal: context.signal,
        });
        await context.print(signed);
      } catch (error) {
        if (error instanceof ConfigurationError || error instanceof InvalidPathError) {
          throw new UsageError(error.message, { cause: error.cause });
        }
        throw error;
      }
    }
  });
}

const METHODS = ["GET", "HEAD", "PUT", "DELETE"];

/** One of those that stores answer; a misspelt one would give a URL that nobody can use. */
function method(text: string): string {
  const method = text.toUpperCase();
  if (!METHODS.includes(method)) throw new InvalidArgumentError(`Allowed methods are ${METHODS.join(", ")}.`);
  return method;
}

/** A duration in whole seconds. */
function seconds(text: string): number {
  let milliseconds: number;
  try {
    milliseconds = parseDuration(text, { store: "sign", key: "expires" });
  } catch {
    throw new InvalidArgumentError('Write it as "30s", "15m", "12h" or "7d".');
  }
  if (milliseconds < 1000 || milliseconds % 1000 !== 0) {
    throw new InvalidArgumentError("It must be a whole number of seconds, at least one.");
  }
  return milliseconds / 1000;
}

function header(line: string, before: readonly Header[] = []): readonly Header[] {
  const colon = line.indexOf(":");
  if (colon < 1) throw new InvalidArgumentError("Write it as name:value.");
  return [...before, [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
}
