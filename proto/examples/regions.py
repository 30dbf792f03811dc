"""Regions of China by code, with their names in Chinese."""
import os

import grpc
from sightline.v1 import summaries_pb2_grpc, summary_pb2

channel = grpc.secure_channel(os.environ["SIGHTLINE_COLLECTOR"], grpc.ssl_channel_credentials())
reader = summaries_pb2_grpc.SummariesStub(channel)
request = summary_pb2.ListRegionsRequest(country="CN", language_code="zh-CN", page_size=1000)
for region in reader.ListRegions(request, timeout=15).regions:
    print(region.region, region.display_name, sep="\t")
