# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Tags of scalable targets.

AWS: API reference TagResource, UntagResource, ListTagsForResource.
"""

from typing import cast

from sandbox.services.application_autoscaling.model.records import Data, Refusal, store


def _tags(data: Data) -> dict[str, str]:
    arn = data.get("ResourceARN")
    for target in store.targets.values():
        if target["ScalableTargetARN"] == arn:
            return cast("dict[str, str]", store.tags.setdefault(arn, {}))
    raise Refusal("ResourceNotFoundException", f"The resource with ARN {arn} doesn't exist")


def _tag(data: Data) -> Data:
    _tags(data).update(data.get("Tags") or {})
    return {}


def _untag(data: Data) -> Data:
    tags = _tags(data)
    for key in data.get("TagKeys") or []:
        tags.pop(key, None)
    return {}


def _list(data: Data) -> Data:
    return {"Tags": dict(_tags(data))}


ACTIONS = {"TagResource": _tag, "UntagResource": _untag, "ListTagsForResource": _list}
