// Prints where each service is reachable, one line a region: the API of Sightline from Node.js.
//
//     npm --prefix proto/examples ci --ignore-scripts
//     node proto/examples/summary.mjs collector.example:7443 CN [--roots ca.pem]
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const { values, positionals } = parseArgs({
  options: { roots: { type: "string" } },
  allowPositionals: true,
});
const [collector, country] = positionals;
if (country === undefined) {
  console.error("usage: node summary.mjs HOST:PORT COUNTRY [--roots FILE]");
  process.exit(2);
}

const definition = protoLoader.loadSync("sightline/v1/summaries.proto", {
  includeDirs: [fileURLToPath(new URL("..", import.meta.url))],
  keepCase: true,
  enums: String,
  defaults: true,
});
const { Summaries } = grpc.loadPackageDefinition(definition).sightline.v1;
// Without roots: those of $GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, else those of Node.js.
const roots = values.roots === undefined ? null : readFileSync(values.roots);
const client = new Summaries(collector, grpc.credentials.createSsl(roots));

const percent = (ratio) => `${Math.round(100 * ratio)}%`;

client.GetSummary({ country }, { deadline: Date.now() + 15_000 }, (error, response) => {
  client.close();
  if (error) {
    // The collector's own words: which field was wrong, or when to ask again.
    console.error(`summary.mjs: ${grpc.status[error.code]}: ${error.details}`);
    process.exitCode = 1;
    return;
  }
  const start = new Date(1000 * Number(response.window_start_time.seconds)).toISOString();
  console.log(`# ${response.country}, window from ${start}`);
  for (const verdict of response.verdicts) {
    for (const { region, access } of verdict.regions) {
      // Of a region that is UNKNOWN nothing is known: its share is only where doubt starts.
      const told = access.buckets_open + access.buckets_blocked > 0;
      const share = told
        ? `${percent(access.rate_mean)} (${percent(access.rate_low)} to ${percent(access.rate_high)})`
        : "-";
      console.log(
        [
          verdict.target_id,
          verdict.scope.replace("SCOPE_", ""),
          region,
          access.state.replace("ACCESS_STATE_", ""),
          share,
        ].join("\t"),
      );
    }
  }
});
