//! The Lambda functions, their code and what calls them.

use super::words::quoted;
use super::{Advice, Known, Told};

const FUNCTION: &[&str] = &["AWS::Lambda::Function"];

pub const TABLE: &[Known] = &[
    Known {
        name: "function.role",
        types: FUNCTION,
        says: &["role defined for the function cannot be assumed by Lambda"],
        tells: |told| {
            told.again(
                "The function's role is so new that Lambda did not know it yet, or it does not trust Lambda.",
                "It mostly passes; if it comes again, the role's AssumeRolePolicyDocument must name lambda.amazonaws.com:",
            )
        },
    },
    Known {
        name: "code.no_such_key",
        types: FUNCTION,
        says: &["S3 Error Code: NoSuchKey"],
        tells: |told| {
            told.again("The zip with the function's code is gone from the artifact bucket: a clean-up, or a lifecycle rule.", "This puts it there again:")
        },
    },
    Known {
        name: "code.no_such_bucket",
        types: FUNCTION,
        says: &["S3 Error Code: NoSuchBucket"],
        tells: |told| {
            told.again(
                "The artifact bucket is gone, and the function's code with it.",
                "This makes it anew:",
            )
        },
    },
    Known {
        name: "code.other_region",
        types: FUNCTION,
        says: &[
            "The bucket is in this region: *. Please",
            "S3 Error Code: PermanentRedirect",
        ],
        tells: |told| {
            let other = match told.part(0) {
                "" => "another region".to_owned(),
                region => format!("the region {region}"),
            };
            told.means(format!("The function's code is in a bucket of {other}, and Lambda takes code from its own region ({}) only.", told.context.region))
                .say("Set `region` in mlink.yaml to the one that the stage was made in, and compare:")
                .run(told.mlink("info"))
        },
    },
    Known {
        name: "code.denied",
        types: FUNCTION,
        says: &[
            "have permission to GetObject for *",
            "Your access has been denied by S3",
        ],
        tells: |told| {
            let bucket = told
                .part(0)
                .split('/')
                .next()
                .filter(|bucket| !bucket.is_empty());
            let bucket = bucket.map_or_else(
                || {
                    format!(
                        "mlink-artifacts-{}-{}",
                        told.context.account, told.context.region
                    )
                },
                |bucket| bucket.trim_end_matches('.').to_owned(),
            );
            told.means("Who deploys (not the function's role) may not read the function's code in the artifact bucket; S3 says so for a zip that is missing, too.")
                .say(format!("Allow it to the identity that deploys: {{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::{bucket}\",\"arn:aws:s3:::{bucket}/*\"]}}"))
                .say("What it can see, and once more:")
                .run(told.aws(format!("s3 ls {} --recursive", quoted(&format!("s3://{bucket}/")))))
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "function.reserved_environment",
        types: FUNCTION,
        says: &["Reserved keys used in this request: *"],
        tells: |told| {
            told.means(format!(
                "Lambda sets the environment variable {} itself and lets nobody else.",
                told.part(0)
            ))
            .say("Give the variable another name in templates/stack.yaml; then:")
            .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "function.kms",
        types: FUNCTION,
        says: &["configure access to your environment variables because the KMS key is invalid"],
        tells: kms,
    },
    Known {
        name: "function.kms_internal",
        types: FUNCTION,
        says: &["Lambda was unable to configure access to your environment variables"],
        tells: kms,
    },
    Known {
        name: "function.replicated",
        types: FUNCTION,
        says: &["because it is a replicated function"],
        tells: |told| {
            told.means("CloudFront has copies of this function at its edges and removes them some hours after the distribution.")
                .say("In some hours:")
                .run(told.mlink("destroy"))
        },
    },
    Known {
        name: "mapping.role",
        types: &["AWS::Lambda::EventSourceMapping"],
        says: &["execution role does not have permissions to call *"],
        tells: |told| {
            told.again(
                format!("The mail function's role may not do {} on the queue, or Lambda did not know that it may yet.", told.part(0)),
                "It mostly passes; if it comes again, a permissions boundary or the organization cuts it off:",
            )
        },
    },
];

fn kms(told: &Told<'_>) -> Advice {
    told.again(
        "Lambda could not have the function's environment encrypted: the role is too new for KMS, or a key of one's own is wrong.",
        "Without `KmsKeyArn` in templates/stack.yaml it passes. With one it must be the whole ARN of a key (no alias) on which who deploys has kms:CreateGrant and kms:Encrypt. Then:",
    )
}
