"""What opened or closed, where, since when, and whether it goes on."""
import os

import grpc
from sightline.v1 import summaries_pb2_grpc, summary_pb2

channel = grpc.secure_channel(os.environ["SIGHTLINE_COLLECTOR"], grpc.ssl_channel_credentials())
reader = summaries_pb2_grpc.SummariesStub(channel)
request = summary_pb2.ListEventsRequest(country="CN", target_ids=["whatsapp"])
while True:
    page = reader.ListEvents(request, timeout=15)
    for event in page.events:
        print(event.onset_time.ToJsonString(), event.region or f"AS{event.asn}",
              summary_pb2.EventKind.Name(event.kind), summary_pb2.EventEnd.Name(event.end),
              sep="\t")
    request.page_token = page.next_page_token
    if not request.page_token:
        break
