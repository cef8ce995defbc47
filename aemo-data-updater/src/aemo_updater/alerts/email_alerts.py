"""E-mail by SMTP, with STARTTLS or TLS, a mail to each recipient: one that is refused for now waits for itself.

A mail that may have gone out is sent again under the same Message-ID, by which mail programs know it as the same.
"""

import hashlib
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from aemo_updater.alerts.model import Alert
from aemo_updater.alerts.settings import AlertSettings
from aemo_updater.alerts.sinks import SendError, Sink
from aemo_updater.nemtime import NEM, nem_now

NAME = "email"
SUBJECT_LENGTH = 180
UNFOLDED = policy.SMTP.clone(max_line_length=200, cte_type="7bit")
"""A subject longer than usual begins on a second line else, which some programs show with a blank in front. Not every
server takes eight bits."""
TLS_PORT = 465
TIMEOUT_SECONDS = 20
TAKING_SECONDS = 180
"""For the answer to a mail that was handed over: some servers look at it for so long, and who does not wait sends it
again and again."""
PATIENCE = timedelta(seconds=TAKING_SECONDS + 3 * TIMEOUT_SECONDS)


def email_sink(settings: AlertSettings) -> Sink:
    """The sink, for complete settings."""

    async def send(alert: Alert, recipient: str) -> None:
        import aiosmtplib

        sender = str(settings.alert_email_from)
        security = settings.smtp_security or ("tls" if settings.smtp_port == TLS_PORT else "starttls")
        try:
            data = mail(alert, sender, recipient, nem_now()).as_bytes()
            async with aiosmtplib.SMTP(
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                use_tls=security == "tls",
                start_tls=security == "starttls",
                username=settings.smtp_user or None,
                password=settings.smtp_password.get_secret_value() or None,
                timeout=TIMEOUT_SECONDS,
            ) as client:
                await client.sendmail(sender, [recipient], data, timeout=TAKING_SECONDS)
        except aiosmtplib.SMTPRecipientsRefused as error:
            (one,) = error.recipients
            said = f"the mail server refuses this recipient: {one.code} {one.message}"
            raise SendError(said, for_good=one.code >= 500) from None
        except aiosmtplib.SMTPResponseException as error:
            # a 5xx to the connection, the login or the sender is one that somebody can put right
            for_good = error.code >= 500 and isinstance(error, aiosmtplib.SMTPDataError)
            raise SendError(f"the mail server answers {error.code} {error.message}", for_good=for_good) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise SendError(f"{settings.smtp_host}:{settings.smtp_port}: {error}", maybe_sent=True) from None

    return Sink(NAME, settings.alert_email_to, send, patience=PATIENCE)


def mail(alert: Alert, sender: str, recipient: str, now: datetime) -> EmailMessage:
    """The message as it is sent at ``now``: one that was held up must not come far down among the mails of before."""
    message = EmailMessage(policy=UNFOLDED)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = shortened(" ".join(alert.text.split()))
    message["Date"] = format_datetime(now.replace(tzinfo=NEM))
    message["Message-ID"] = f"<{hashlib.sha256(alert.key.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(part for part in (alert.text, alert.body, SIGNATURE) if part) + "\n")
    return message


def shortened(text: str) -> str:
    """A subject that mail programs show whole."""
    return text if len(text) <= SUBJECT_LENGTH else text[: SUBJECT_LENGTH - 3].rstrip() + "..."


SIGNATURE = (
    "-- \naemo-data-updater. Times are NEM time (UTC+10 all year). Source of the market data: AEMO.\n"
    "What each message means: docs/operations.md, Alerts."
)
