//! The services of the shop.

/// A service, by its place in [`SERVICES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Service {
    Frontend,
    Checkout,
    Cart,
    Inventory,
    Payment,
    OrdersDb,
    Mailer,
}

/// What a resource says about a service.
#[derive(Debug)]
pub(super) struct About {
    pub(super) service: Service,
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) language: &'static str,
    pub(super) instance: &'static str,
    pub(super) pod: &'static str,
}

const fn about(
    service: Service,
    name: &'static str,
    version: &'static str,
    language: &'static str,
    instance: &'static str,
    pod: &'static str,
) -> About {
    About { service, name, version, language, instance, pod }
}

/// All services.
pub(super) const SERVICES: [About; 7] = [
    about(
        Service::Frontend,
        "frontend",
        "2.7.1",
        "nodejs",
        "5c1e0f7a-2f0b-4f6e-9f25-6f0c1b7d3a10",
        "frontend-6d9f7c5b8-x2klm",
    ),
    about(
        Service::Checkout,
        "checkout",
        "1.14.0",
        "rust",
        "0b6b6a34-8d0d-4a53-a7c1-0a2f9d1be411",
        "checkout-7b8d4f9c6-9qwzr",
    ),
    about(
        Service::Cart,
        "cart",
        "1.9.3",
        "dotnet",
        "a8a3c2de-7f63-49a5-8a2e-2c9be7f0d512",
        "cart-5f6c8d7b9-tt7hn",
    ),
    about(
        Service::Inventory,
        "inventory",
        "3.2.0",
        "java",
        "f1d2a7c4-0a3e-4d0b-b1f6-87c5e6a9e613",
        "inventory-84c7b6d5f-lw2pk",
    ),
    about(
        Service::Payment,
        "payment",
        "1.4.2",
        "go",
        "3e9c5b12-6a7d-4c8e-9d0f-1b2a3c4d5e14",
        "payment-6c5d4b3a2-v8ndj",
    ),
    about(
        Service::OrdersDb,
        "orders-db",
        "17.2",
        "cpp",
        "b7e6d5c4-3b2a-4190-8f7e-6d5c4b3a2915",
        "orders-db-0",
    ),
    about(
        Service::Mailer,
        "mailer",
        "0.8.5",
        "python",
        "c0ffee00-1d2e-4f3a-8b4c-5d6e7f809a16",
        "mailer-79f8e7d6c-4bq5s",
    ),
];

impl Service {
    /// What its resource says.
    pub(super) const fn about(self) -> &'static About {
        &SERVICES[self as usize]
    }
}

/// Writes the resource of a service; the same attributes in every signal. A macro, because the writer's type is not named.
macro_rules! describe {
    ($resource:ident, $about:expr) => {{
        let about: &$crate::demo::service::About = $about;
        $resource
            .attr("service.name", about.name)
            .attr("service.namespace", "shop")
            .attr("service.version", about.version)
            .attr("service.instance.id", about.instance)
            .attr("deployment.environment.name", "production")
            .attr("host.name", "node-3.shop.example")
            .attr("k8s.pod.name", about.pod)
            .attr("telemetry.sdk.name", "opentelemetry")
            .attr("telemetry.sdk.language", about.language)
            .attr("telemetry.sdk.version", "1.45.0");
    }};
}
pub(super) use describe;

/// Schema that names and meanings of attributes follow.
pub(super) const SCHEMA: &str = "https://opentelemetry.io/schemas/1.44.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_stand_in_their_places() {
        for about in &SERVICES {
            assert_eq!(about.service.about().name, about.name);
        }
    }
}
