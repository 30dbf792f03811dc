// Where each service is blocked, at which layer it fails first, and how (in OONI's words).
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const definition = protoLoader.loadSync("sightline/v1/summaries.proto", {
  includeDirs: [fileURLToPath(new URL("..", import.meta.url))],
  keepCase: true,
  enums: String,
  defaults: true,
});
const { Summaries } = grpc.loadPackageDefinition(definition).sightline.v1;
const reader = new Summaries(process.env.SIGHTLINE_COLLECTOR, grpc.credentials.createSsl());

reader.GetSummary({ country: "CN" }, { deadline: Date.now() + 15_000 }, (error, summary) => {
  reader.close();
  if (error) throw error;
  for (const { target_id, regions } of summary.verdicts) {
    for (const { region, access } of regions) {
      if (access.state !== "ACCESS_STATE_BLOCKED") continue;
      console.log([target_id, region, access.blocked_layer, access.blocked_failure].join("\t"));
    }
  }
});
