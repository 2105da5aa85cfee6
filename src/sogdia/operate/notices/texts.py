"""What notices say, in each language. They name the object by its code and the moment, never what is in it.

`{code}` is the object's code and `{by}` the moment, in UTC. A test holds that every language has every text with the
same places, and that a push message and an SMS stay short.
"""

from __future__ import annotations

import time
from typing import NamedTuple

LANGUAGES = ("en", "ru", "zh", "uz", "sw", "ar")
DEFAULT = "en"


class Text(NamedTuple):
    """A notice: its subject, and its words."""

    subject: str
    body: str


TEXTS: dict[str, dict[str, Text]] = {
    "en": {
        "account_due": Text(
            "Your account needs you", "Please look at {code} before {by}. After that it goes on by rule."
        ),
        "account_news": Text("News of your account", "Something has happened with {code}. Please look at it."),
        "order_due": Text(
            "An order needs you", "Please look at order {code} before {by}. After that it goes on by rule."
        ),
        "hold_due": Text(
            "A hold is about to end", "Please look at hold {code} before {by}. After that it ends by rule."
        ),
        "order_news": Text("News of an order", "Something has happened with order {code}. Please look at it."),
        "hold_news": Text("News of a hold", "Something has happened with hold {code}. Please look at it."),
        "confirm": Text("Confirm your notices", "Your code to receive notices: {code}. Not you? Then do nothing."),
    },
    "ru": {
        "account_due": Text(
            "Учётная запись ждёт вас", "Посмотрите {code} до {by}. После этого всё пойдёт по правилам."
        ),
        "account_news": Text("Новости учётной записи", "С {code} что-то произошло. Посмотрите."),
        "order_due": Text(
            "Заказ ждёт вас", "Посмотрите заказ {code} до {by}. После этого он пойдёт дальше по правилам."
        ),
        "hold_due": Text(
            "Резерв скоро закончится", "Посмотрите резерв {code} до {by}. После этого он закончится по правилам."
        ),
        "order_news": Text("Новости о заказе", "С заказом {code} что-то произошло. Посмотрите его."),
        "hold_news": Text("Новости о резерве", "С резервом {code} что-то произошло. Посмотрите его."),
        "confirm": Text(
            "Подтвердите уведомления", "Ваш код для получения уведомлений: {code}. Это не вы? Ничего не делайте."
        ),
    },
    "zh": {
        "account_due": Text("您的账户需要处理", "请在 {by} 之前查看 {code}。此后将按规则自动处理。"),
        "account_news": Text("账户有新动态", "{code} 有新动态，请查看。"),
        "order_due": Text("有订单需要您处理", "请在 {by} 之前查看订单 {code}。此后将按规则自动处理。"),
        "hold_due": Text("预留款即将到期", "请在 {by} 之前查看预留款 {code}。此后将按规则自动结束。"),
        "order_news": Text("订单有新动态", "订单 {code} 有新动态，请查看。"),
        "hold_news": Text("预留款有新动态", "预留款 {code} 有新动态，请查看。"),
        "confirm": Text("请确认接收通知", "您接收通知的确认码：{code}。如非本人操作，请忽略。"),
    },
    "uz": {
        "account_due": Text(
            "Hisobingiz sizni kutmoqda",
            "Iltimos, {code} ni {by} gacha koʻrib chiqing. Keyin u qoida boʻyicha davom etadi.",
        ),
        "account_news": Text("Hisobingiz yangiligi", "{code} da oʻzgarish bor. Iltimos, koʻrib chiqing."),
        "order_due": Text(
            "Buyurtma sizni kutmoqda",
            "Iltimos, {code} buyurtmasini {by} gacha koʻrib chiqing. Keyin u qoida boʻyicha davom etadi.",
        ),
        "hold_due": Text(
            "Band qilingan pul muddati tugamoqda",
            "Iltimos, {code} band qilingan pulni {by} gacha koʻrib chiqing. Keyin u qoida boʻyicha tugaydi.",
        ),
        "order_news": Text("Buyurtma yangiligi", "{code} buyurtmasida oʻzgarish bor. Iltimos, koʻrib chiqing."),
        "hold_news": Text("Band qilingan pul yangiligi", "{code} band qilingan pulda oʻzgarish bor. Koʻrib chiqing."),
        "confirm": Text(
            "Xabarnomalarni tasdiqlang",
            "Xabarnoma olish kodingiz: {code}. Siz boʻlmasangiz, hech narsa qilmang.",
        ),
    },
    "sw": {
        "account_due": Text(
            "Akaunti yako inakusubiri", "Tafadhali angalia {code} kabla ya {by}. Baada ya hapo itaendelea kwa kanuni."
        ),
        "account_news": Text("Habari za akaunti yako", "Kuna jambo jipya kuhusu {code}. Tafadhali liangalie."),
        "order_due": Text(
            "Agizo linakusubiri", "Tafadhali angalia agizo {code} kabla ya {by}. Baada ya hapo litaendelea kwa kanuni."
        ),
        "hold_due": Text(
            "Fedha zilizoshikiliwa zinaisha muda",
            "Tafadhali angalia fedha zilizoshikiliwa {code} kabla ya {by}. Baada ya hapo zitaisha kwa kanuni.",
        ),
        "order_news": Text("Habari za agizo", "Kuna jambo jipya kuhusu agizo {code}. Tafadhali liangalie."),
        "hold_news": Text(
            "Habari za fedha zilizoshikiliwa",
            "Kuna jambo jipya kuhusu fedha zilizoshikiliwa {code}. Tafadhali ziangalie.",
        ),
        "confirm": Text(
            "Thibitisha arifa zako", "Msimbo wako wa kupokea arifa: {code}. Si wewe? Basi usifanye chochote."
        ),
    },
    "ar": {
        "account_due": Text("حسابك بانتظارك", "يرجى الاطلاع على {code} قبل {by}. بعد ذلك يسير الأمر وفق القواعد."),
        "account_news": Text("جديد في حسابك", "حدث جديد في {code}. يرجى الاطلاع عليه."),
        "order_due": Text("طلب بانتظارك", "يرجى الاطلاع على الطلب {code} قبل {by}. بعد ذلك يسير وفق القواعد."),
        "hold_due": Text(
            "مبلغ محجوز يوشك أن ينتهي", "يرجى الاطلاع على الحجز {code} قبل {by}. بعد ذلك ينتهي وفق القواعد."
        ),
        "order_news": Text("جديد في طلب", "حدث جديد في الطلب {code}. يرجى الاطلاع عليه."),
        "hold_news": Text("جديد في مبلغ محجوز", "حدث جديد في الحجز {code}. يرجى الاطلاع عليه."),
        "confirm": Text("أكّد استلام الإشعارات", "رمزك لاستلام الإشعارات: {code}. لست أنت؟ لا تفعل شيئًا."),
    },
}
"""Every text in every language."""


def language_for(wanted: str) -> str:
    """Give the language we have for a BCP 47 tag: uz-Latn-UZ is uz; one that we don't have is English."""
    primary = wanted.split("-", maxsplit=1)[0].lower()
    return primary if primary in TEXTS else DEFAULT


def written(key: str, language: str, *, code: str, by: int | None = None) -> Text:
    """Write a notice."""
    text = TEXTS[language_for(language)][key]
    moment = "" if by is None else time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(by))
    # A code and a moment read from left to right also within Arabic; the isolates keep them whole.
    code, moment = (f"\u2066{each}\u2069" if language_for(language) == "ar" else each for each in (code, moment))
    return Text(text.subject, text.body.format(code=code, by=moment))
