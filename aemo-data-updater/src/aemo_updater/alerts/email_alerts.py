"""E-mail by SMTP, with STARTTLS or TLS, one mail to all recipients.

A mail that may have gone out is sent again under the same Message-ID, by which mail programs know it as the same.
"""

import hashlib
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from aemo_updater.alerts.model import Alert
from aemo_updater.alerts.settings import AlertSettings
from aemo_updater.alerts.sinks import SendError, Sink
from aemo_updater.nemtime import NEM

NAME = "email"
SUBJECT_LENGTH = 180
UNFOLDED = policy.SMTP.clone(max_line_length=200)
"""A subject longer than usual begins on a second line else, which some programs show with a blank in front."""
TLS_PORT = 465
TIMEOUT_SECONDS = 20


def email_sink(settings: AlertSettings) -> Sink:
    """The sink, for complete settings. It has one recipient: all of ALERT_EMAIL_TO together."""

    async def send(alert: Alert, recipients: str) -> None:
        import aiosmtplib

        security = settings.smtp_security or ("tls" if settings.smtp_port == TLS_PORT else "starttls")
        try:
            refused, _ = await aiosmtplib.send(
                mail(alert, str(settings.alert_email_from), recipients).as_bytes(),
                sender=settings.alert_email_from,
                recipients=settings.alert_email_to,
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                use_tls=security == "tls",
                start_tls=security == "starttls",
                username=settings.smtp_user or None,
                password=settings.smtp_password.get_secret_value() or None,
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            said = "; ".join(f"{one.recipient}: {one.code} {one.message}" for one in error.recipients)
            for_good = all(one.code >= 500 for one in error.recipients)
            raise SendError(f"the mail server refuses all recipients: {said}", for_good=for_good) from None
        except aiosmtplib.SMTPResponseException as error:
            # a 5xx to the login is one that somebody can put right
            for_good = error.code >= 500 and not isinstance(error, aiosmtplib.SMTPAuthenticationError)
            raise SendError(f"the mail server answers {error.code} {error.message}", for_good=for_good) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise SendError(f"{settings.smtp_host}:{settings.smtp_port}: {error}", maybe_sent=True) from None
        if refused:
            said = "; ".join(f"{who}: {answer.code} {answer.message}" for who, answer in refused.items())
            raise SendError(f"sent, but not to all: {said}", for_good=True)

    return Sink(NAME, (", ".join(settings.alert_email_to),), send)


def mail(alert: Alert, sender: str, recipients: str) -> EmailMessage:
    """The message as it is sent."""
    message = EmailMessage(policy=UNFOLDED)
    message["From"] = sender
    message["To"] = recipients
    message["Subject"] = shortened(" ".join(alert.text.split()))
    message["Date"] = format_datetime(alert_time(alert.at))
    message["Message-ID"] = f"<{hashlib.sha256(alert.key.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(part for part in (alert.text, alert.body, SIGNATURE) if part) + "\n")
    return message


def alert_time(at: datetime) -> datetime:
    """When it happened, with its offset."""
    return at.replace(tzinfo=NEM)


def shortened(text: str) -> str:
    """A subject that mail programs show whole."""
    return text if len(text) <= SUBJECT_LENGTH else text[: SUBJECT_LENGTH - 3].rstrip() + "..."


SIGNATURE = (
    "-- \naemo-data-updater. Times are NEM time (UTC+10 all year). Source of the market data: AEMO.\n"
    "What each message means: docs/operations.md, Alerts."
)
