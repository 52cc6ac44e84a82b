//! Every endpoint of a configuration, step by step.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use otlp_core::Signal;

use super::{
    certificate::{self, Seen},
    clock, export,
    finding::{Finding, Health, Remedy, Step},
    network,
};
use crate::{Config, Protocol, TlsOptions, endpoint::Endpoint};

/// Looks at the way to each signal's endpoint, and tells each finding as it is made. `patience` is for each step.
///
/// Sends one empty request for each signal, and if that is not taken, others to the same host: without headers, over the other
/// transport, at the other of the two OTLP ports, with and without TLS. A request without items leaves nothing at a server.
pub async fn examine(config: &Config, patience: Duration, mut each: impl FnMut(&Finding)) -> Vec<Finding> {
    let mut findings = Vec::new();
    for group in groups(config) {
        group
            .examine(config, patience, &mut |finding| {
                each(&finding);
                findings.push(finding);
            })
            .await;
    }
    findings
}

/// Signals that go to the same host and port with the same certificates.
struct Group {
    origin: Endpoint,
    protocol: Protocol,
    tls: TlsOptions,
    files: [Option<PathBuf>; 3],
    signals: Vec<Signal>,
}

fn groups(config: &Config) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for signal in Signal::ALL {
        let settings = config.signal(signal);
        // A configuration holds no endpoint that cannot be read.
        let Ok(endpoint) = Endpoint::parse(&settings.endpoint()) else { continue };
        let origin = endpoint.into_origin();
        let files = [settings.certificate(), settings.client_certificate(), settings.client_key()]
            .map(|file| file.map(PathBuf::from));
        let same = |group: &&mut Group| {
            group.origin == origin && group.files == files && group.protocol == settings.protocol()
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.signals.push(signal),
            None => groups.push(Group {
                origin,
                protocol: settings.protocol(),
                tls: settings.tls(),
                files,
                signals: vec![signal],
            }),
        }
    }
    groups
}

impl Group {
    async fn examine(&self, config: &Config, patience: Duration, tell: &mut impl FnMut(Finding)) {
        let mut say = |step, health, text: String, remedy| tell(self.finding(step, health, text, remedy));
        if self.origin.socket().is_some() {
            return self.export(config, None, patience, tell).await;
        }
        let (host, port) = (self.origin.host().to_owned(), self.origin.port());
        let addresses = match network::resolve(&host, port, patience).await {
            Ok(addresses) => addresses,
            Err(problem) => {
                return say(Step::Dns, Health::Bad, format!("{host} has no address: {problem}"), None);
            }
        };
        if addresses.iter().all(|address| address.ip().to_string() != host) {
            let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
            say(Step::Dns, Health::Good, format!("{host} is {}", list.join(", ")), None);
        }
        let Some(address) = self.connect(&addresses, patience, &mut say).await else { return };
        if self.origin.is_tls() && !self.shake_hands(&host, address, patience, &mut say).await {
            return;
        }
        let url = config.signal(self.signals[0]).endpoint();
        if let Some((health, text, remedy)) = clock::look(&url, self.protocol, &self.tls, patience).await {
            say(Step::Clock, health, text, remedy);
        }
        self.export(config, Some(address), patience, tell).await;
    }

    /// An address where somebody listens.
    async fn connect(
        &self,
        addresses: &[SocketAddr],
        patience: Duration,
        say: &mut impl FnMut(Step, Health, String, Option<Remedy>),
    ) -> Option<SocketAddr> {
        let tried = network::connect(addresses, patience).await;
        let words: Vec<String> = tried
            .iter()
            .map(|(address, connected)| match connected {
                Ok(time) => format!("{address} in {:.1} ms", time.as_secs_f64() * 1e3),
                Err(problem) => format!("{address}: {problem}"),
            })
            .collect();
        let mut text = words.join("; ");
        if let Some((address, _)) = tried.iter().find(|(_, connected)| connected.is_ok()) {
            let all = tried.iter().all(|(_, connected)| connected.is_ok());
            // Of a name's two addresses on this machine, servers often take one.
            let health = if all || self.origin.is_loopback() { Health::Good } else { Health::Warning };
            say(Step::Connect, health, text, None);
            return Some(*address);
        }
        let mut remedy = Remedy::Server;
        let first = self.signals[0];
        if let Some((better, spoken)) =
            export::elsewhere(&self.origin, self.protocol, first, &self.tls, patience, false).await
        {
            text = format!("{text}; but {spoken}");
            remedy = better;
        }
        say(Step::Connect, Health::Bad, text, Some(remedy));
        None
    }

    /// Whether the server's certificates are good.
    async fn shake_hands(
        &self,
        host: &str,
        address: SocketAddr,
        patience: Duration,
        say: &mut impl FnMut(Step, Health, String, Option<Remedy>),
    ) -> bool {
        match certificate::look(host, address, self.protocol, &self.tls, patience).await {
            Seen::Certificates(health, text, remedy) => {
                say(Step::Tls, health, text, remedy);
                health != Health::Bad
            }
            Seen::Plain(problem) => {
                let first = self.signals[0];
                let found =
                    export::elsewhere(&self.origin, self.protocol, first, &self.tls, patience, true).await;
                let (remedy, text) = match found {
                    Some((remedy, spoken)) => {
                        (Some(remedy), format!("no TLS is spoken there ({problem}), but {spoken}"))
                    }
                    None => (None, format!("no TLS is spoken there: {problem}")),
                };
                say(Step::Tls, Health::Bad, text, remedy);
                false
            }
            Seen::Failed(problem) => {
                say(Step::Tls, Health::Bad, problem, None);
                false
            }
        }
    }

    /// An empty request of each signal; where nobody answers, one speaks for all.
    async fn export(
        &self,
        config: &Config,
        address: Option<SocketAddr>,
        patience: Duration,
        tell: &mut impl FnMut(Finding),
    ) {
        for (index, signal) in self.signals.iter().enumerate() {
            let mut tried = export::look(config, *signal, patience).await;
            if let Some(address) =
                address.filter(|_| tried.silent && tried.remedy.is_none() && !self.origin.is_tls())
            {
                self.look_for_tls(address, patience, &mut tried).await;
            }
            let signals = if tried.silent { self.signals[index..].to_vec() } else { vec![*signal] };
            let mut finding = self.finding(Step::Export, tried.health, tried.text, tried.remedy);
            finding.signals = signals;
            let url = config.signal(*signal).endpoint();
            finding.endpoint = url.split('?').next().unwrap_or_default().to_owned();
            tell(finding);
            if tried.silent {
                return;
            }
        }
    }

    /// Plaintext to a TLS port is seldom answered; certificates that are not trusted yet are a sign all the same.
    async fn look_for_tls(&self, address: SocketAddr, patience: Duration, tried: &mut export::Tried) {
        let host = self.origin.host();
        let seen = certificate::look(host, address, self.protocol, &self.tls, patience).await;
        if let Seen::Certificates(_, text, _) = seen {
            tried.text = format!("{}, but TLS is spoken there: {text}", tried.text);
            let origin = self.origin.clone().with_tls(true).origin();
            tried.remedy = Some(Remedy::Endpoint { origin, protocol: self.protocol });
        }
    }

    fn finding(&self, step: Step, health: Health, text: String, remedy: Option<Remedy>) -> Finding {
        Finding { step, signals: self.signals.clone(), endpoint: self.origin.origin(), health, text, remedy }
    }
}
