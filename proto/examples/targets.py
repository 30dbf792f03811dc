"""Which services are watched, and what each is to the verdict."""
import os

import grpc
from sightline.v1 import plan_pb2, summaries_pb2_grpc, summary_pb2

channel = grpc.secure_channel(os.environ["SIGHTLINE_COLLECTOR"], grpc.ssl_channel_credentials())
reader = summaries_pb2_grpc.SummariesStub(channel)
for target in reader.ListTargets(summary_pb2.ListTargetsRequest(), timeout=15).targets:
    print(target.target_id, target.display_name, plan_pb2.TargetKind.Name(target.kind), sep="\t")
