"""From evidence to diagnosis: the first entry that matches, its causes weighed by the rest of the check."""

from collections.abc import Mapping

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Again, Circumstances, Entry, Explanation, Given
from mailcheck.diagnosis.findings import IN_WORDS, findings
from mailcheck.diagnosis.text import Shell, quote, remedy
from mailcheck.model.cloud import Cloud
from mailcheck.model.evidence import Evidence, Fault
from mailcheck.model.report import Cause, Diagnosis, Likelihood
from mailcheck.model.request import App, MailProtocol

EVIDENCE_LIMIT = 600  # characters of evidence that a diagnosis shows
_ENTRA = "AADSTS"
_OF_CANARY = frozenset({Given.CANARY_OPENED, Given.CANARY_REFUSED, Given.ONE_PROTOCOL, Given.NOTHING_OPENED})
_ORDER = {Likelihood.CERTAIN: 0, Likelihood.LIKELY: 1, Likelihood.POSSIBLE: 2}


def diagnose(evidence: Evidence, known: Circumstances) -> Diagnosis:
    """What this evidence means, given what else the check has found.

    Always an answer: the last entries of the catalogue match anything. A cause that is certain stands alone, because
    nothing can be told of the others until it is mended.
    """
    entry = _entry(evidence)
    values = _values(evidence, known)
    causes = _causes(entry, findings(evidence, known), values)
    return Diagnosis(
        entry.id,
        _plain(entry.title, values),
        shown(evidence),
        causes,
        entry.reference,
        entry.explained_in(known.guide),
        _wait(evidence),
    )


def second_try(evidence: Evidence) -> Again:
    """Whether a second try at once may end otherwise than in this evidence."""
    return _entry(evidence).again


def weighs_canary(evidence: Evidence) -> bool:
    """Whether some cause of this evidence is more or less likely by how the canary fares."""
    return any(given in _OF_CANARY for one in _entry(evidence).explanations for given, _ in one.shift)


def shown(evidence: Evidence) -> str:
    """The evidence as one line: the other side's code and words, or what we saw in ours."""
    words = evidence.said or _SILENT.get(evidence.signal, evidence.signal)
    code = "" if evidence.signal in words or evidence.signal in tuple(Fault) else f"{evidence.signal} "
    line = f"{code}{words}"
    return line if len(line) <= EVIDENCE_LIMIT else line[: EVIDENCE_LIMIT - 1] + "…"


def _wait(evidence: Evidence) -> int | None:
    """The milliseconds for which the other side asks to be left alone."""
    details = evidence.details
    if "backoff_ms" in details:
        return int(details["backoff_ms"])
    return int(details["retry_after"]) * 1000 if "retry_after" in details else None


def _entry(evidence: Evidence) -> Entry:
    return next(entry for entry in CATALOGUE if entry.when.matches(evidence))


_SILENT: Mapping[str, str] = {
    Fault.TIMEOUT: "no answer before the deadline",
    Fault.CLOSED: "the connection was closed",
    Fault.REFUSED: "connection refused",
    Fault.BUG: "an error inside mailcheck",
}


def _causes(entry: Entry, given: frozenset[Given], values: Mapping[str, str]) -> tuple[Cause, ...]:
    weighed = [(likelihood, one) for one in entry.explanations if (likelihood := one.weigh(given)) is not None]
    weighed.sort(key=lambda pair: (_ORDER[pair[0]], pair[1].ahead not in given))
    causes = [
        Cause(_plain(one.cause, values), likelihood, _plain(_why(one, given), values), remedy(one.fix, values))
        for likelihood, one in weighed
    ]
    return tuple(cause for cause in causes if cause.likelihood is Likelihood.CERTAIN) or tuple(causes)


def _why(one: Explanation, given: frozenset[Given]) -> str:
    return "; ".join([*(IN_WORDS[finding] for finding in one.speaks if finding in given), one.why])


def configured(app: App, cloud: Cloud) -> dict[str, str]:
    """What the `{names}` of the app registration, its vault and its cloud stand for."""
    return {
        "tenant_id": app.tenant_id,
        "client_id": app.client_id,
        "vault_url": app.vault_url,
        "vault_name": app.vault_url.removeprefix("https://").partition(".")[0],
        "certificate": app.vault_object,
        "secret": app.vault_object,
        "resource": cloud.resource,
        "exchange_environment": cloud.exchange_environment,
        "graph_environment": cloud.graph_environment,
        "azure_cloud": cloud.azure_cloud,
        "vault_suffix": cloud.vault_suffix,
        "portal": cloud.portal,
    }


def _values(evidence: Evidence, known: Circumstances) -> dict[str, str]:
    """What the `{names}` of the texts stand for: what was seen, and over it what the administrator configured."""
    values = {**evidence.details, **configured(known.app, known.cloud)}
    values.update(
        mailbox=known.mailbox,
        stage=evidence.stage,
        signal=evidence.signal,
    )
    if (wait := _wait(evidence)) is not None:
        seconds = -(-wait // 1000)
        values["backoff"] = f"{seconds:,} second{'' if seconds == 1 else 's'}"
    if evidence.signal.startswith(_ENTRA):
        values["aadsts"] = evidence.signal.removeprefix(_ENTRA)
    if known.endpoint:
        values.update(endpoint=str(known.endpoint), host=known.endpoint.host, port=str(known.endpoint.port))
    if known.token_length:
        values["token_length"] = f"{known.token_length:,}"
    if evidence.protocol:
        siblings = (each.name for each in (MailProtocol.IMAP, MailProtocol.POP) if each in known.opened)
        values.update(protocol=evidence.protocol.name, role=evidence.protocol.role, siblings=" and ".join(siblings))
    if claims := known.claims:
        values.update(
            audience=claims.audience,
            roles=", ".join(claims.roles) or "none",
            scopes=", ".join(claims.scopes),
            service_principal=claims.object_id,
        )
    return values


def _plain(template: str, values: Mapping[str, str]) -> str:
    return template.format_map(_Plain(values))


class _Plain(dict[str, str]):
    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__({name: quote(value, Shell.NONE) for name, value in values.items() if value})

    def __missing__(self, name: str) -> str:
        return f"<{name.replace('_', ' ')}>"
