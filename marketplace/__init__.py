"""TechBridge (科桥): enterprises post real needs, institutes post technologies, and the two find each other.

`create_app()` is all the wiring; read it first. The glossary of the code:

- **organisation** 机构: an enterprise, institute, service provider or agency; **person** 用户 acts for organisations by a
  **membership** 成员 with a role (owner, member, signatory).
- **broker** 技术经理人: a technology manager, distils needs and brings parties together; **operator** 平台运营者 runs the site.
- **need** 需求: a problem an enterprise posts; its **grade** is declared, distilled or verified (a **real need** 真需求).
- **distillation** 需求凝练: the broker's technical questions beside the firm's own words.
- **technology** 成果: what an institute offers; a **negative result** 负结果 is a route that failed, shown as a warning only.
- **offer** 许可条件: the terms on which a technology can be had; **pay-after-use** 先用后付: no entry fee, payment hangs on
  time, acceptance, first revenue or sales.
- **listing**: a need or a technology as readers see it: public, members-only or blind.
- **match** 匹配: a scored, explained pairing of a need and a technology; a **scoring** is one calculation of it.
- **statement** 销售报表: what a licensee sold in a period; an **audit** 专项审计 looks at the books behind it.
- **credit record** 履约信用记录: how an organisation has kept its promises, as counts of **credit entries**.
- **guarantee** 担保: what a guarantor, insurer or fund covers under an agreement; a **claim** 理赔 is what the protected side asks of it.
- **open list** 公开清单: listings as a file, with the search it was made with; **feed**: the newest of a search for news readers.
- **invoice** 账单: a demand for one obligation of an agreement, cancelled only by a **mirror** 冲销账单; **payment** 付款: money that one side says has moved.
- **deal** 交易: from the first contact to the signed and performed agreement; a **party** 参与人 takes part in it for one side.
- **pool** 众筹: several organisations **pledge** 认筹 toward one piece of research; a **motion** 表决事项 is voted on with the weight of the pledges.
- **blind listing** 隐名信息: shows a **teaser** 简介 to all, and the rest to whoever has an **access grant** 查阅授权.
- **proposal** 揭榜方案: what a **solver** 揭榜方 offers to a call, **sealed** 密封 until the deadline; a **receipt** 回执 says by hash what came when.
- **notice** 公示: an agreed price, published before it is signed; a **decision** 决策记录 stands in an institute's asset register.
- **subscription** 订阅: what somebody follows, a search or the matches of something; a **digest** 订阅邮件 tells what is new in all of it.
- **open call** 揭榜挂帅: a need put out for proposals until a deadline; a **board** 榜单 groups calls; an **amendment** 更正公告 changes one in public.
- **resource** 平台·专家·场景: a **facility** 中试/检测平台 that can be booked (**booking** 预约), an **expert** 专家 whom an institute lends, or a
  **scenario** 应用场景 that is open for first trials (**trial application** 首试申请).
- **tongue**: a language that the pages speak, one for each catalogue of translations; texts of listings and terms are Chinese and English.
- **gap** 成熟度差距: the levels of maturity between what a technology offers and what a need wants.
- **path** 首次使用引导: what somebody new does next, as its **steps**, each read from the data; an **example** 示例 is what he tries first and throws away.
- **event**: one thing that happened; a **revision** is a full copy of a listing's content; a **job** is work after the commit.
- **trail** 审计链: the log; an **alteration** 变更 is what a transaction did to one row, a **link** 链环 binds a row of the log to all before it by hash.

A module imports only from its left: errors, arrival, logs, scanner, config, paper, db → languages → access → record → jobs → delivery → web → saying →
printing → people → terms → catalogue → needs → matching → importing → licensing → deals → first_steps → calls → trail → keeping → exporting → alerts →
finder → privacy → vitals → design → reactions → this, cli.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, redirect, url_for
from flask_login import LoginManager, user_logged_in
from werkzeug.wrappers import Response

from marketplace import printing, record, saying
from marketplace.alerts import views as alerts_views
from marketplace.alerts.subscriptions import views as subscriptions_views
from marketplace.calls import views as calls_views
from marketplace.calls.boards import views as boards_views
from marketplace.calls.pools import views as pools_views
from marketplace.calls.proposals import views as proposals_views
from marketplace.calls.reviewing import views as reviewing_views
from marketplace.calls.sealing import views as sealing_views
from marketplace.calls.teams import views as teams_views
from marketplace.catalogue import views as catalogue_views
from marketplace.catalogue.resources import views as resources_views
from marketplace.catalogue.scanning import views as scanning_views
from marketplace.config import Settings, read
from marketplace.db import connect
from marketplace.deals import views as deals_views
from marketplace.deals.documents import views as documents_views
from marketplace.deals.fees import views as fees_views
from marketplace.deals.funnel import views as funnel_views
from marketplace.deals.introduction import views as introduction_views
from marketplace.deals.parties import views as parties_views
from marketplace.deals.supply import views as supply_views
from marketplace.deals.talk import views as talk_views
from marketplace.deals.worklist import views as worklist_views
from marketplace.design import views as design_views
from marketplace.exporting import views as exporting_views
from marketplace.finder import views as finder_views
from marketplace.first_steps import views as first_steps_views
from marketplace.first_steps.examples import views as examples_views
from marketplace.importing import views as importing_views
from marketplace.importing.need_file import views as need_file_views
from marketplace.languages import found
from marketplace.licensing import views as licensing_views
from marketplace.licensing.audits import views as audits_views
from marketplace.licensing.billing import views as billing_views
from marketplace.licensing.credit import views as credit_views
from marketplace.licensing.duties import views as duties_views
from marketplace.licensing.duties.register import views as register_views
from marketplace.licensing.income import views as income_views
from marketplace.licensing.performing import views as performing_views
from marketplace.licensing.risk import views as risk_views
from marketplace.licensing.signing import views as signing_views
from marketplace.licensing.statements import views as statements_views
from marketplace.matching import views as matching_views
from marketplace.matching.desk import views as desk_views
from marketplace.matching.resources import views as resource_search_views
from marketplace.needs import views as needs_views
from marketplace.needs.asking import views as asking_views
from marketplace.needs.distilling import views as distilling_views
from marketplace.people import tries as _tries  # noqa: F401 - registers the store of the rate limits
from marketplace.people import views as people_views
from marketplace.people.factors import views as factors_views
from marketplace.people.grants import views as grants_views
from marketplace.people.outside import views as outside_views
from marketplace.people.recovery import views as recovery_views
from marketplace.people.sessions import operations as sessions
from marketplace.people.sessions import views as sessions_views
from marketplace.privacy import views as privacy_views
from marketplace.reactions import react
from marketplace.terms import views as terms_views
from marketplace.terms.simulator import views as simulator_views
from marketplace.trail import altering
from marketplace.trail import views as trail_views
from marketplace.trail.own import views as history_views
from marketplace.vitals import views as vitals_views
from marketplace.web import Application, prepare, spoken

__version__ = "0.1.0"

HERE = Path(__file__).parent
ROOT = HERE if (HERE / "templates").is_dir() else HERE.parent
PAGES = (
    people_views, terms_views, simulator_views, catalogue_views, needs_views, matching_views, importing_views, need_file_views, exporting_views,
    licensing_views, signing_views, performing_views, statements_views, audits_views, credit_views, billing_views, risk_views, income_views,
    duties_views, register_views, deals_views, worklist_views, funnel_views, supply_views, talk_views, subscriptions_views, grants_views, scanning_views,
    documents_views, distilling_views, desk_views, parties_views, introduction_views, fees_views, resources_views, resource_search_views, calls_views,
    boards_views, sealing_views, proposals_views, reviewing_views, teams_views, pools_views, alerts_views, design_views, first_steps_views,
    examples_views, asking_views, finder_views, trail_views, factors_views, sessions_views, outside_views, recovery_views,
    privacy_views, history_views,
)
"""The modules of pages, each with its blueprint and what it prepares."""


def create_app(settings: Settings | None = None, translations: Path = HERE / "translations") -> Flask:
    """The application, wired: settings, database, people, languages, pages, and what follows from events.

    It speaks the languages whose catalogues lie in `translations`.
    """
    settings = settings or read()
    app = Application("marketplace", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(_configuration(settings), TRANSLATIONS=str(translations))
    app.json.ensure_ascii = False
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    app.extensions["engine"], app.extensions["tongues"] = connect(settings.database), found(translations)
    record.bind(react)
    altering.bind()
    prepare(app)
    saying.prepare(app)
    printing.prepare(app)
    _sign_in(app)
    for views in PAGES:
        app.register_blueprint(views.blueprint, url_prefix=f"/<any({', '.join(app.extensions['tongues'])}):lang>")
        views.prepare(app)
    for without_language in (exporting_views.for_robots, vitals_views.blueprint):
        app.register_blueprint(without_language)
    user_logged_in.connect(needs_views.adopt_on_sign_in, app)
    app.add_url_rule("/", "root", _root)
    return app


def _configuration(settings: Settings) -> dict[str, Any]:
    """What Flask and its extensions are told."""
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret,
        "MAX_CONTENT_LENGTH": settings.upload_limit,
        "MAX_FORM_MEMORY_SIZE": 4 * 1024 * 1024,
        "MAX_FORM_PARTS": 5000,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.production,
        "SESSION_COOKIE_NAME": "__Host-techbridge" if settings.production else "techbridge",
        "PERMANENT_SESSION_LIFETIME": sessions.LONGEST_STAYING,
        "TRUSTED_HOSTS": _hosts(settings),
        "RATELIMIT_STORAGE_URI": settings.limits,
        "RATELIMIT_HEADERS_ENABLED": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "COMPRESS_MIN_SIZE": 800,
    }


def _hosts(settings: Settings) -> list[str] | None:
    """The names under which the real site answers: its own, and this machine's for whoever watches it from here. In development any."""
    return [urlsplit(settings.site).hostname or "", "localhost", "127.0.0.1"] if settings.production else None


def _sign_in(app: Flask) -> None:
    """Flask-Login: who a session belongs to, and where to send whoever must sign in first."""
    manager = LoginManager(app)
    manager.session_protection = "basic"
    manager.user_loader(sessions.by_session)
    manager.unauthorized_handler(lambda: redirect(url_for("people.sign_in"), 303))


def _root() -> Response:
    """`/` leads to the front page in the visitor's language."""
    response = redirect(url_for("matching.front", lang=spoken()), 302)
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response
