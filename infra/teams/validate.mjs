// Holds a manifest to the schema that Microsoft publishes for its version, from the package @microsoft/app-manifest.
//
//   node validate.mjs [all] < manifest.json
//
// Prints a line for each fault; the exit code is 1 if there is one. It is held to the current version too, as if it named
// that; with `all`, to every one from its own on.
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import Ajv from "ajv-draft-04";
import formats from "ajv-formats";

const SCHEMAS = join(dirname(createRequire(import.meta.url).resolve("@microsoft/app-manifest/package.json")), "build/json-schemas/teams");

function faults(manifest, version) {
  const schema = JSON.parse(readFileSync(join(SCHEMAS, `v${version}`, "MicrosoftTeams.schema.json"), "utf8"));
  const ajv = new Ajv({ allErrors: true, strict: false });
  formats(ajv);
  const validate = ajv.compile(schema);
  validate({ ...manifest, manifestVersion: version });
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `${version} ${instancePath} ${message} ${JSON.stringify(params)}`);
}

function from(version) {
  const minor = (name) => Number(/^v1\.(\d+)$/.exec(name)?.[1] ?? -1);
  const later = readdirSync(SCHEMAS).filter((name) => minor(name) >= minor(`v${version}`));
  return later.sort((one, other) => minor(one) - minor(other)).map((name) => name.slice(1));
}

const manifest = JSON.parse(await text(process.stdin));
const known = from(manifest.manifestVersion);
const versions = process.argv[2] === "all" ? known : [manifest.manifestVersion, known.at(-1)];
const found = [...new Set(versions)].flatMap((version) => faults(manifest, version));
for (const line of found) console.log(line);
process.exitCode = found.length ? 1 : 0;
