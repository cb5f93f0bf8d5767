"""The notice board of an ERN: non-clinical posts, changed only by who wrote them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from ecp_client import clock
from ecp_client.db import db, transactional
from ecp_client.errors import NotFound, NotYours
from ecp_client.models import Person, Post

PAGE_SIZE = 10
TITLE_LENGTH = 150
TEXT_LENGTH = 5000


@dataclass(frozen=True)
class Board:
    """One page of the board, newest first; pages count from 1."""

    posts: Sequence[Post]
    found: int
    page: int
    pages: int


def board(ern: str, page: int) -> Board:
    """The posts of an ERN; two queries."""
    found = db.session.scalar(select(func.count(Post.id)).where(Post.ern == ern)) or 0
    pages = max(1, -(-found // PAGE_SIZE))
    page = min(max(1, page), pages)
    rows = select(Post).where(Post.ern == ern).order_by(Post.created_at.desc(), Post.id.desc())
    shown = rows.options(joinedload(Post.author)).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return Board(db.session.scalars(shown).all(), found, page, pages)


def own(ern: str, post_id: int, person: Person) -> Post:
    """A post that this person wrote; raises NotFound, NotYours."""
    post = db.session.scalar(select(Post).where(Post.id == post_id, Post.ern == ern))
    if post is None:
        raise NotFound("post_gone")
    if post.author_id != person.id:
        raise NotYours
    return post


@transactional
def write(ern: str, author: Person, once: str, title: str, text: str) -> None:
    """Put a post on the board; the same form sent twice (`once`) makes one post."""
    if db.session.scalar(select(Post.id).where(Post.once == once)) is not None:
        return
    post = Post(ern=ern, author_id=author.id, once=once, title=title, text=text, created_at=clock.now())
    try:
        with db.session.begin_nested():
            db.session.add(post)
    except IntegrityError:
        return


@transactional
def edit(post: Post, title: str, text: str) -> None:
    """Change one's own post; raises NotFound when it was deleted meanwhile."""
    changed = update(Post).where(Post.id == post.id).values(title=title, text=text, edited_at=clock.now())
    if db.session.execute(changed).rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound("post_gone")


@transactional
def remove(ern: str, post_id: int, person: Person) -> None:
    """Delete one's own post; a second time changes nothing."""
    mine = Post.id == post_id, Post.ern == ern, Post.author_id == person.id
    db.session.execute(delete(Post).where(*mine))
