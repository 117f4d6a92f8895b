"""Repositories: what MiniStack forgets of them, and their bytes when they go."""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ecr

from sandbox.extensions.ecr._blobs import Blobs

Data = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
_FILTERS = "imageTagMutabilityExclusionFilters"


def install(blobs: Blobs) -> None:
    """Wrap the actions; MiniStack looks its handlers up by name when it is called."""
    ecr._delete_repository = _deleting(ecr._delete_repository, blobs)
    ecr._create_repository = _keeping_filters(ecr._create_repository)
    ecr._put_image_tag_mutability = _keeping_filters(ecr._put_image_tag_mutability)
    ecr._repo_shape = _with_filters(ecr._repo_shape)


def _deleting(delete: Callable[[Data], Answer], blobs: Blobs) -> Callable[[Data], Answer]:
    def handle(data: Data) -> Answer:
        answer = delete(data)
        if answer[0] < 400:
            name = data["repositoryName"]
            ecr._manifest_blobs.pop(name, None)
            blobs.drop((get_account_id(), name))
        return answer

    return handle


def _keeping_filters(handler: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def handle(data: Data) -> Answer:
        answer = handler(data)
        if answer[0] < 400:
            ecr._repositories[data["repositoryName"]][_FILTERS] = data.get(_FILTERS) or []
        return answer

    return handle


def _with_filters(shape: Callable[[Data], Data]) -> Callable[[Data], Data]:
    def described(repository: Data) -> Data:
        filters = repository.get(_FILTERS)
        return {**shape(repository), **({_FILTERS: filters} if filters else {})}

    return described
