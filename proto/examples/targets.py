"""Which services are watched, and what each is to the verdict: page by page, as all lists are."""
import os

import grpc
from sightline.v1 import plan_pb2, summaries_pb2_grpc, summary_pb2

channel = grpc.secure_channel(os.environ["SIGHTLINE_COLLECTOR"], grpc.ssl_channel_credentials())
reader = summaries_pb2_grpc.SummariesStub(channel)
request = summary_pb2.ListTargetsRequest(page_size=3)  # Without it: 100.
while True:
    page = reader.ListTargets(request, timeout=15)
    for target in page.targets:
        kind = plan_pb2.TargetKind.Name(target.kind)
        print(target.target_id, target.display_name, kind, sep="\t")
    request.page_token = page.next_page_token
    if not request.page_token:
        break
