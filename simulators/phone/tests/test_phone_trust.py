"""Which certificates a phone believes: each setting on its own, with real TLS (PHN-2)."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from simulators.faults.phone_clock_wrong import PhoneClockWrong
from simulators.phone.life.states import State
from simulators.phone.tests.local_bench import LocalBench, WebServer, local_bench
from simulators.phone.trust import check_dates
from simulators.traffic import Traffic

ALL_ON = {"certificates": "1", "hostname": "1", "expires": "1"}
BAD = {
    "unknown CA": "certificates",
    "wrong host": "hostname",
    "expired": "expires",
    "not yet valid": "expires",
}
"""What is wrong with a certificate, and the setting that looks at it."""


@dataclass
class Site:
    """A server with a certificate, and phones that check it."""

    bench: LocalBench
    ca: trustme.CA = field(default_factory=trustme.CA)
    server: WebServer = field(default_factory=lambda: WebServer({"startup.cfg": b"language: 1"}))

    def context(self, kind: str) -> ssl.SSLContext:
        """A server's context, with one thing wrong with its certificate (or nothing)."""
        now = datetime.now(UTC)
        before, after = now - timedelta(days=30), now + timedelta(days=30)
        if kind == "expired":
            after = now - timedelta(days=1)
        if kind == "not yet valid":
            before = now + timedelta(days=1)
        ca = trustme.CA() if kind == "unknown CA" else self.ca
        name = "127.99.99.99" if kind == "wrong host" else self.bench.plan.mcs
        leaf = ca.issue_cert(name, not_before=before, not_after=after)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        return context

    def local(self, port: int, **checks: str) -> dict[str, str]:
        """What was entered on a phone that is to check so."""
        wanted = {f"https validate {name}": value for name, value in (ALL_ON | checks).items()}
        server = {"https server": self.bench.plan.mcs, "https port": str(port)}
        return {"download protocol": "HTTPS", **server, **wanted}

    def knows(self) -> ssl.SSLContext:
        """What a phone knows that was made with the site's authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ca.configure_trust(context)
        return context


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with local_bench() as bench:
        yield Site(bench)


async def refused(site: Site, kind: str, **checks: str) -> bool:
    """Whether a phone that checks so refuses such a server: it says so, and has sent nothing."""
    async with site.server.serving(site.bench.plan.mcs, site.context(kind)) as port:
        phone = site.bench.handset(local=site.local(port, **checks), trusted=site.knows())
        await phone.power_on()
        await phone.until(State.IDLE)
        message, language = phone.screen.message, phone.configuration.get("language")
        await phone.power_off()
    if message == "Certificate validation failed":
        assert language is None and site.server.asked == []
        return True
    assert message == "" and language == "1"
    return False


async def test_a_sound_certificate_is_believed(site: Site) -> None:
    assert not await refused(site, "")


@pytest.mark.parametrize("kind", BAD)
async def test_each_thing_wrong_is_refused(site: Site, kind: str) -> None:
    assert await refused(site, kind)


@pytest.mark.parametrize("kind", BAD)
async def test_each_thing_wrong_is_let_pass_by_its_own_setting(site: Site, kind: str) -> None:
    assert not await refused(site, kind, **{BAD[kind]: "0"})


@pytest.mark.parametrize("kind", ["wrong host", "expired", "not yet valid"])
async def test_no_other_setting_lets_it_pass(site: Site, kind: str) -> None:
    other = {"hostname": "expires", "expires": "hostname"}[BAD[kind]]
    assert await refused(site, kind, **{other: "0"})


@pytest.mark.parametrize("kind", BAD)
async def test_with_validation_off_all_pass(site: Site, kind: str) -> None:
    assert not await refused(site, kind, certificates="0")


@pytest.mark.parametrize("certificates", ["0", "1"])
async def test_what_it_fetches_is_counted_whatever_it_believes(
    site: Site, certificates: str
) -> None:
    traffic = site.bench.network.traffic = Traffic()
    assert not await refused(site, "", certificates=certificates)
    assert traffic.connections >= 1
    assert traffic.tls_sent_octets > 300 and traffic.tls_received_octets > 500


async def test_during_check_sync_no_message_is_shown(site: Site) -> None:
    async with site.server.serving(site.bench.plan.mcs, site.context("")) as port:
        phone = site.bench.handset(local=site.local(port), trusted=site.knows())
        await phone.power_on()
        await phone.until(State.IDLE)
        with site.bench.handsets[0].faults.during(PhoneClockWrong()):
            phone.check_sync()
            await site.bench.until("certificate refused")
            assert phone.screen.message == ""
            await phone.power_off()
            await phone.power_on()  # at the start it does say so
            await phone.until(State.IDLE)
            assert phone.screen.message == "Certificate validation failed"


async def test_a_clock_that_is_wrong_makes_certificates_look_bad(site: Site) -> None:
    for offset_s, off in ((-40 * 366 * 86_400.0, "0"), (366 * 86_400.0, "0")):
        fault = PhoneClockWrong(offset_s=offset_s)
        async with site.server.serving(site.bench.plan.mcs, site.context("")) as port:
            for expires in ("1", off):
                phone = site.bench.handset(
                    local=site.local(port, expires=expires), trusted=site.knows()
                )
                phone.faults.switch_on(fault)
                await phone.power_on()
                await phone.until(State.IDLE)
                wrong = phone.screen.message == "Certificate validation failed"
                assert wrong is (expires == "1")
                await phone.power_off()
    assert site.bench.happened("fault struck")[0].facts["fault"] == "phone-clock-wrong"


async def test_a_year_later_the_certificate_has_expired(site: Site) -> None:
    async with site.server.serving(site.bench.plan.mcs, site.context("")) as port:
        phone = site.bench.handset(local=site.local(port), trusted=site.knows())
        await site.bench.clock.advance(days=366)
        await phone.power_on()
        await phone.until(State.IDLE)
        assert phone.screen.message == "Certificate validation failed"


@pytest.mark.parametrize("own", ["authority", "server's own", "another"])
async def test_user_certificates_are_fetched_and_believed_from_then_on(
    site: Site, own: str
) -> None:
    server = site.context("")
    leaf = site.ca.issue_cert(site.bench.plan.mcs)
    pem = {
        "authority": site.ca.cert_pem.bytes(),
        "server's own": leaf.cert_chain_pems[0].bytes(),
        "another": trustme.CA().cert_pem.bytes(),
    }[own]
    leaf.configure_cert(server)
    site.server.files = {
        "startup.cfg": b"https user certificates: own.pem\n",
        "own.pem": b"as a PEM file may begin\n" + pem,
    }
    async with site.server.serving(site.bench.plan.mcs, server) as port:
        phone = site.bench.handset(local=site.local(port, certificates="0"))
        await phone.power_on()
        await phone.until(State.IDLE)
        assert site.server.asked[-1] == "/own.pem"
        phone.enter({"https validate certificates": "1"})
        phone.restart()
        await phone.until(State.IDLE)
        believed = phone.screen.message == ""
        assert believed is (own != "another")
        phone.erase_local_configuration()
        phone.enter(site.local(port))
        phone.restart()
        await phone.until(State.IDLE)
        assert phone.screen.message == "Certificate validation failed"  # erased with the rest


def test_dates_are_looked_at_to_the_second() -> None:
    leaf = trustme.CA().issue_cert(
        "a",
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_after=datetime(2027, 1, 1, tzinfo=UTC),
    )
    der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    begins = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    ends = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    for now in (begins, ends):
        check_dates(der, now)
    for now, what in ((begins - 1, "not yet valid"), (ends + 1, "expired")):
        with pytest.raises(ssl.SSLCertVerificationError, match=what):
            check_dates(der, now)
