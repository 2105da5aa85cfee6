"""Notices to people: a warning before every deadline that concerns them, and news of their orders.

Only who asked for them gets them, in their language, and they tell no contents.

    node ──blocks──▶ follower ──▶ outbox ──▶ mail, web push, SMS
                        │            ▲
                   open objects ─────┘ warnings, a lead time before each deadline
"""
