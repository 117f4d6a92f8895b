# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What publishing a version, or going back to one, would change: computed before anything is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from .history import accepted, kept, since_accepted
from .values import INDEX, Manifest, SiteFile, manifest_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .history import History
    from .values import Listing, SiteRelease

#: CloudFront takes no more paths at once, and has no more under way.
MOST_PATHS = 3000


@dataclass(frozen=True, slots=True)
class State:
    """What stands: the bucket, the releases (the newest first), and those of their lists of files that it holds."""

    listing: Listing
    history: History
    manifests: Mapping[str, Manifest]


@dataclass(frozen=True, slots=True)
class SitePlan:
    """Each step in its order; see `run`.

    ``send``: files with a hash in their names; ``store``: the others, for rollbacks; ``show``: the others, at their own
    names, `INDEX` last; ``invalidate``: addresses; ``verify``: files that are asked for through the distribution;
    ``forget``: keys that no kept version names, and those where the content lies of a version that is kept no more;
    ``leave``: addresses under which caches may have such a content, whether or not its file is deleted already.
    ``conflicts``: names that stand for another content already.
    """

    version: str
    target: Manifest
    recorded: bool
    send: tuple[SiteFile, ...] = ()
    store: tuple[SiteFile, ...] = ()
    show: tuple[SiteFile, ...] = ()
    invalidate: tuple[str, ...] = ()
    verify: tuple[SiteFile, ...] = ()
    forget: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything is to be done."""
        return bool(not self.recorded or self.send or self.store or self.show or self.forget)

    @property
    def bytes_to_send(self) -> int:
        """Bytes of the files that are sent."""
        return sum(file.size for file in (*self.send, *self.store))


def plan(version: str, target: Manifest, state: State, keep: int) -> SitePlan:
    """What makes the site show *target* as *version*."""
    newest = state.history[0] if state.history else None
    send = _to_send(target, state)
    parting = _parting(target, state, keep)
    show = _to_show(target, state)
    return SitePlan(
        version,
        target,
        recorded=bool(
            newest
            and newest.succeeded
            and (newest.version, newest.manifest) == (version, target.digest)
            and manifest_key(target.digest) in state.listing
        ),
        send=send,
        store=_to_store(target, state),
        show=show,
        invalidate=addresses(file.path for file in show),
        verify=_to_verify(target, {*send, *show}, state),
        forget=tuple(sorted(parting.keys & state.listing.keys())),
        leave=addresses(file.path for file in parting.shown),
        conflicts=tuple(file.path for file in target.files if file.immutable and _is_other(file, state)),
    )


def _is_other(file: SiteFile, state: State) -> bool:
    """Whether the bucket holds another content under the file's name."""
    found = state.listing.get(file.path)
    return found is not None and found.etag != file.md5


def _to_send(target: Manifest, state: State) -> tuple[SiteFile, ...]:
    """Assets that are not there, or that no version put there: their headers are not known."""
    known = {file for manifest in state.manifests.values() for file in manifest.files}
    return tuple(
        file for file in target.files if file.immutable and (file.path not in state.listing or file not in known)
    )


def _to_store(target: Manifest, state: State) -> tuple[SiteFile, ...]:
    wanted = {file.stored_at: file for file in target.files if not file.immutable}
    return tuple(
        file for key, file in sorted(wanted.items()) if key not in state.listing or state.listing[key].etag != file.md5
    )


def _to_show(target: Manifest, state: State) -> tuple[SiteFile, ...]:
    """Files that differ from what the bucket holds, or from what may be in caches."""
    before = [
        state.manifests[digest].by_path() for digest in since_accepted(state.history) if digest in state.manifests
    ]

    def differs(file: SiteFile) -> bool:
        found = state.listing.get(file.path)
        return found is None or found.etag != file.md5 or any(files.get(file.path) != file for files in before)

    return tuple(sorted((file for file in target.files if not file.immutable and differs(file)), key=_turn))


def _turn(file: SiteFile) -> tuple[int, str]:
    """Pages after what they show, and the first page last."""
    is_page = file.media_type.startswith("text/html")
    return (2 if file.path == INDEX else int(is_page)), file.path


def _to_verify(target: Manifest, touched: set[SiteFile], state: State) -> tuple[SiteFile, ...]:
    """The first page, what is touched, and what no verified version had."""
    verified = {
        file
        for release in state.history
        if release.succeeded and release.manifest in state.manifests
        for file in state.manifests[release.manifest].files
    }
    return tuple(file for file in target.files if file.path == INDEX or file in touched or file not in verified)


@dataclass(frozen=True, slots=True)
class _Parting:
    """What becomes of the versions that are kept no more: keys that go, and files that nothing may serve any longer."""

    keys: frozenset[str] = frozenset()
    shown: tuple[SiteFile, ...] = ()


def _parting(target: Manifest, state: State, keep: int) -> _Parting:
    """What versions named that are kept no more. Whatever no version named is somebody else's, and stays.

    That a kept version names a page does not say whose page is served: that version may never have been shown, and
    then the bucket or a cache has one that names what is deleted. So what is served is told by its content. What
    *target* names is another matter: by now it is shown, and what caches had of it is invalidated.
    """
    staying = kept(state.history, target.digest, keep)
    manifests = {**state.manifests, target.digest: target}
    if not staying <= manifests.keys():
        # Nobody knows what a version needs whose list of files is lost.
        return _Parting()
    named = {key for digest in staying for key in manifests[digest].keys}
    gone = {key for digest in manifests.keys() - staying for key in manifests[digest].keys}
    held = {file for digest in staying for file in manifests[digest].files}
    past = {file for digest in manifests.keys() - staying for file in manifests[digest].files if not file.immutable}
    shown = {file for file in past - held if file.path not in target.by_path()}
    theirs = {(file.path, file.md5) for file in held}
    stale = {
        file.path
        for file in shown
        if (found := state.listing.get(file.path)) and found.etag == file.md5 and (file.path, file.md5) not in theirs
    }
    return _Parting(frozenset(gone - named | stale), tuple(shown))


def addresses(paths: Iterable[str]) -> tuple[str, ...]:
    """What to invalidate when the files at *paths* change: the first page has two addresses."""
    found = {f"/{quote(path, safe='/~')}" for path in paths}
    return tuple(sorted(found | ({"/"} if f"/{INDEX}" in found else set())))


def problems(planned: SitePlan, state: State) -> list[str]:
    """Why *planned* must not be carried out."""
    found = [
        f"{path} is kept under that name with another content, and browsers and caches keep it for a year: build again "
        "with names that hold a hash of the content, or move what changes out of assets/"
        for path in planned.conflicts
    ]
    other = next((release for release in state.history if _is_taken(planned, release)), None)
    if other:
        found.append(
            f"version {planned.version} was published with other files ({other.release_id}, {other.started_at}); name "
            "this one otherwise with -e version="
        )
    if len(planned.invalidate) > MOST_PATHS:
        found.append(
            f"{len(planned.invalidate)} addresses change that keep their names; CloudFront invalidates {MOST_PATHS} at "
            "once. Move what can hold a hash in its name into assets/"
        )
    return found


def _is_taken(planned: SitePlan, release: SiteRelease) -> bool:
    return release.succeeded and release.version == planned.version and release.manifest != planned.target.digest


def standing(history: History) -> str:
    """The version that was verified last; empty when there is none."""
    newest = accepted(history)
    return newest.version if newest else ""
