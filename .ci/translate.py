"""Writes the CloudFormation template that SAM makes of template.yaml, as JSON.

cfn-lint judges policies only in plain CloudFormation, so CI lints the translated template as well.
Usage: translate.py TEMPLATE OUTPUT
"""

import json
import os
import sys
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """Stands for IAM's list of managed policies, which takes an account to read."""

    def load(self):
        return {}


def main(template_path, output_path):
    # The translator asks for a Region to choose the partition; any one will do.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    template = yaml_parse(Path(template_path).read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # The translator takes code from S3 only; `sam deploy` uploads before it translates.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    translated = transform(template, {}, NoManagedPolicies())
    Path(output_path).parent.mkdir(parents=True, exist_ok=True)
    Path(output_path).write_text(json.dumps(translated, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
