"""WhatsApp's last ten minutes as CSV: a line a step, a column a region."""
import csv
import os
import sys
import time

import grpc
from sightline.v1 import summaries_pb2_grpc, summary_pb2, timeline_pb2

channel = grpc.secure_channel(os.environ["SIGHTLINE_COLLECTOR"], grpc.ssl_channel_credentials())
request = timeline_pb2.GetTimelineRequest(country="CN", target_id="whatsapp")
request.start_time.FromSeconds(int(time.time()) - 600)  # Of windows of 1 h rather 30 days.
request.read_mask.paths.extend(["window_counts", "regions.states"])
timeline = summaries_pb2_grpc.SummariesStub(channel).GetTimeline(request, timeout=15)

table = csv.writer(sys.stdout, lineterminator="\n")
table.writerow(["time", *(region.region for region in timeline.regions)])
for step, window_count in enumerate(timeline.window_counts):
    if window_count > 0:  # Else nothing is said of this step.
        start = timeline.start_time.ToDatetime() + step * timeline.step.ToTimedelta()  # UTC.
        states = (summary_pb2.AccessState.Name(region.states[step]) for region in timeline.regions)
        table.writerow([start.isoformat() + "Z",
                        *(state.removeprefix("ACCESS_STATE_") for state in states)])
