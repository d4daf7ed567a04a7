"""Reads what storeport wrote, and writes what it shall read, by boto3. The task is JSON on standard input, as is what was found on output."""

import hashlib
import io
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

MIB = 1024 * 1024


def pattern(length, seed):
    return bytes((i * 31 + (i >> 8) * 7 + seed * 101) & 0xFF for i in range(length))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


task = json.load(sys.stdin)
bucket = task["bucket"]
s3 = boto3.client(
    "s3",
    endpoint_url=task["endpoint"],
    region_name=task["region"],
    aws_access_key_id=task["accessKeyId"],
    aws_secret_access_key=task["secretAccessKey"],
    config=Config(s3={"addressing_style": "path"}),
)

read = []
for i, key in enumerate(task["keys"]):
    got = s3.get_object(Bucket=bucket, Key=f"for-boto/{key}")
    read.append({"sha256": sha256(got["Body"].read()), "type": got["ContentType"], "metadata": got["Metadata"]})
    s3.put_object(Bucket=bucket, Key=f"by-boto/{key}", Body=pattern(3000 + i, i), Metadata={"writer": f"boto {i}"})

s3.upload_fileobj(
    io.BytesIO(pattern(6 * MIB, 5)),
    bucket,
    "by-boto-large",
    Config=TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB),
)
large = io.BytesIO()
s3.download_fileobj(bucket, "for-boto-large", large)
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="for-boto/", PaginationConfig={"PageSize": 3})
listed = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
json.dump({"read": read, "large": sha256(large.getvalue()), "listed": listed}, sys.stdout)
