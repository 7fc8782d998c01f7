//! What will not go.

use super::Known;
use super::words::quoted;

pub const TABLE: &[Known] = &[
    Known {
        name: "delete.bucket",
        types: &[],
        says: &[
            "bucket you tried to delete is not empty",
            "BucketNotEmpty",
            "The bucket '*' is not empty",
        ],
        tells: |told| {
            told.means("Files came into the bucket after it was emptied.")
                .say("This empties it again and goes on:")
                .run(told.mlink("destroy"))
        },
    },
    Known {
        name: "delete.table",
        types: &[],
        says: &["currently protected against deletion. Disable deletion protection first"],
        tells: |told| {
            told.means("The table is protected, with the links in it.")
                .say("If they may go, take `protected: true` out of mlink.yaml, deploy that, and destroy:")
                .run(told.mlink("deploy"))
                .run(told.mlink("destroy"))
        },
    },
    Known {
        name: "delete.distribution_enabled",
        types: &[],
        says: &[
            "distribution you are trying to delete has not been disabled",
            "DistributionNotDisabled",
        ],
        tells: |told| {
            told.means("Somebody enabled the distribution again while it was being deleted.")
                .say("CloudFormation disables it itself:")
                .run(told.mlink("destroy"))
        },
    },
    Known {
        name: "delete.in_use",
        types: &[],
        says: &[
            "policy is currently associated with a cache behavior",
            "is in use by * distributions",
            "PolicyInUse",
            "FunctionInUse",
            "OriginAccessControlInUse",
        ],
        tells: |told| {
            told.means("A distribution still uses it: this stage's, which is not quite gone yet, or another one.")
                .say("In some minutes:")
                .run(told.mlink("destroy"))
                .say("If it comes again, these distributions are there:")
                .run(told.aws_global("cloudfront list-distributions --query \"DistributionList.Items[].[Id,Comment,Status]\" --output table"))
        },
    },
    Known {
        name: "delete.protected_stack",
        types: &[],
        says: &["cannot be deleted while TerminationProtection is enabled"],
        tells: |told| {
            told.means("The stack has termination protection. Nothing was touched.")
                .say("This takes it off:")
                .run(told.aws(format!("cloudformation update-termination-protection --no-enable-termination-protection --stack-name {}", told.context.stack)))
                .run(told.mlink("destroy"))
        },
    },
    Known {
        name: "delete.export_in_use",
        types: &[],
        says: &[
            "Export * cannot be deleted as it is in use by *",
            "Export * cannot be updated as it is in use by *",
            "Cannot delete export * as it is in use by *",
        ],
        tells: |told| {
            let export = told.part(0);
            let name = export.rsplit_once(':').map_or(export, |(_, name)| name);
            told.means(format!(
                "The stack {} uses this stack's output {name}.",
                told.part(1).trim_end_matches('.')
            ))
            .say("Change that stack first. All that use it:")
            .run(told.aws(format!(
                "cloudformation list-imports --export-name {}",
                quoted(name)
            )))
        },
    },
];
