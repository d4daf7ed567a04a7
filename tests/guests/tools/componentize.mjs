// node componentize.mjs SOURCE WIT-FOLDER WORLD OUTPUT: makes a component of a JavaScript module.
import { writeFile } from "node:fs/promises";
import { _addPreopen } from "@bytecodealliance/preview2-shim/filesystem";
import { componentize } from "@bytecodealliance/componentize-js";

const [sourcePath, witPath, worldName, output] = process.argv.slice(2);
// The tools are components themselves and see of the file system what the shim of their jco lets them see.
_addPreopen("/", "/");
const { component } = await componentize({ sourcePath, witPath, worldName });
await writeFile(output, component);
