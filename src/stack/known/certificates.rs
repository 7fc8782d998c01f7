//! The site's own host name and its certificate.

use super::{Known, Told};

const DISTRIBUTION: &[&str] = &["AWS::CloudFront::Distribution"];

pub const TABLE: &[Known] = &[
    Known {
        name: "certificate.none",
        types: DISTRIBUTION,
        says: &["you must attach a trusted certificate"],
        tells: |told| {
            told.means("CloudFront does not trust the certificate for this domain name: it is self-signed, or its chain is not complete.")
                .say("Ask for one of ACM's, and write its ARN into `domain.certificate` when it is ISSUED:")
                .run(request(told))
        },
    },
    Known {
        name: "certificate.does_not_cover",
        types: DISTRIBUTION,
        says: &["doesn't cover the alternate domain name"],
        tells: |told| {
            told.means(format!("The certificate is for other names than {}. `*.acme.example` covers neither `acme.example` nor `a.b.acme.example`.", domain(told)))
                .say("The names that it is for:")
                .run(certificate(told, "SubjectAlternativeNames"))
                .say("One for the right name, whose ARN goes into `domain.certificate` when it is ISSUED:")
                .run(request(told))
        },
    },
    Known {
        name: "certificate.region_or_missing",
        types: DISTRIBUTION,
        says: &["The specified SSL certificate doesn't exist, isn't in us-east-1"],
        tells: |told| {
            told.means("The certificate in `domain.certificate` is not in us-east-1 (CloudFront takes no other), does not exist, or is not issued yet.")
                .say("This must say ISSUED; an error says that us-east-1 has no such certificate:")
                .run(certificate(told, "Status"))
                .say("Otherwise ask for one, prove the domain by the DNS record that ACM names, and write the new ARN into `domain.certificate`:")
                .run(request(told))
        },
    },
    Known {
        name: "domain.dns_points_elsewhere",
        types: DISTRIBUTION,
        says: &["incorrectly configured DNS record that points to another CloudFront distribution"],
        tells: |told| {
            told.means(format!("The DNS record of {} points at another CloudFront distribution.", domain(told)))
                .say("Remove that record, wait until it is forgotten (its TTL), deploy, and point it at the name that `mlink info` shows:")
                .run(told.mlink("deploy"))
                .run(told.mlink("info"))
        },
    },
    Known {
        name: "domain.in_use",
        types: DISTRIBUTION,
        says: &[
            "CNAMEs you provided are already associated with a different resource",
            "CNAMEAlreadyExists",
        ],
        tells: |told| {
            let domain = domain(told);
            told.means(format!("Another CloudFront distribution has the name {domain}: of another stage, another account, or one that Amplify, API Gateway or a Cognito domain made."))
                .say("Whose it is (this asks through any distribution of the account):")
                .run(format!("id=$({})", told.aws_global("cloudfront list-distributions --query \"DistributionList.Items[0].Id\" --output text")))
                .run(told.aws_global(format!("cloudfront list-conflicting-aliases --distribution-id \"$id\" --alias {domain}")))
                .say("Take the name off there, or choose another `domain.name`; then:")
                .run(told.mlink("deploy"))
        },
    },
];

fn domain<'a>(told: &'a Told<'_>) -> &'a str {
    let domain = told.context.domain.as_ref();
    domain.map_or("`domain.name`", |(name, _)| name)
}

/// A look at what the certificate says of this; at all there are where none is configured.
fn certificate(told: &Told<'_>, what: &str) -> String {
    told.aws_global(match &told.context.domain {
        Some((_, arn)) => {
            format!("acm describe-certificate --certificate-arn {arn} --query Certificate.{what}")
        }
        None => "acm list-certificates --includes keyTypes=RSA_2048,EC_prime256v1".to_owned(),
    })
}

fn request(told: &Told<'_>) -> String {
    let domain = told.context.domain.as_ref();
    let domain = domain.map_or("login.acme.example", |(name, _)| name);
    told.aws_global(format!(
        "acm request-certificate --domain-name {domain} --validation-method DNS"
    ))
}
