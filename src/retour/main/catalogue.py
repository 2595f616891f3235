"""The work behind choosing a new article: ask the platform what is on sale."""

from uuid import UUID

from retour.core.article import Question
from retour.core.ports import Article
from retour.flows import catalogue as flow
from retour.main.house import ElsewhereOnly, House, Work, source, utc_now
from retour.store import article as articles


def catalogue_work(here: House) -> Work:
    """Return the work of one question; the executor asks where only it can open the platform's credential."""

    async def answer(tenant_id: UUID, ask_id: UUID) -> None:
        async def read(
            connection_id: UUID, question: Question, said: str, country: str | None
        ) -> tuple[Article, ...]:  # fmt: skip
            where = await source(here, tenant_id, connection_id)
            if question is Question.VARIANTS:
                return await where.connector.variants_of(where.credential, product_ref=said, country=country)
            return await where.connector.search_articles(where.credential, words=said, country=country)

        try:
            await flow.answer(here.database, tenant_id=tenant_id, ask_id=ask_id, read=read, clock=utc_now)
        except ElsewhereOnly:
            async with here.database.tx(tenant_id) as db:
                await articles.pass_on(db, ask_id, at=utc_now())

    return answer
