//! What CloudFormation itself refuses: calls, templates, change sets.

use super::{Known, Told};

pub const TABLE: &[Known] = &[
    Known {
        name: "stack.busy",
        types: &[],
        says: &["is in *_IN_PROGRESS state and can not be updated"],
        tells: |told| {
            told.means("Somebody else is changing this stack right now.")
                .say("This waits for them and goes on then:")
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "stack.state",
        types: &[],
        says: &["is in * state and can not be updated"],
        tells: |told| {
            told.means(format!(
                "The stack has meanwhile become {}, which CloudFormation does not update.",
                told.part(0)
            ))
            .say("This takes the way on from there:")
            .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "stack.do_nothing",
        types: &[],
        says: &["because it contains [on-failure: DO_NOTHING]"],
        tells: |told| {
            told.means("The stack was made by another tool, with \"do nothing\" on a failure; such a one can only be deleted.")
                .say("With all users in it:")
                .run(told.mlink("destroy"))
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "template.capabilities",
        types: &[],
        says: &["Requires capabilities : [*]"],
        tells: |told| {
            told.means(format!("The template names a role or a policy, which wants {}; mlink gives CAPABILITY_IAM only.", told.part(0)))
                .say("Take `RoleName`, `ManagedPolicyName` and their like out of templates/stack.yaml; then:")
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "template.too_large",
        types: &[],
        says: &["at 'templateBody' failed to satisfy constraint"],
        tells: |told| {
            told.means("The template has more than the 51200 bytes that CloudFormation takes.")
                .say("Shorten its comments, or split what was added into a stack of its own; then:")
                .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "template.type_not_in_region",
        types: &[],
        says: &["Unrecognized resource types: [*]"],
        tells: |told| {
            told.means(format!("The region {} has no {}.", told.context.region, told.part(0)))
                .say("Choose another `region` in mlink.yaml, one with Cognito and SES, or for this once:")
                .run(elsewhere(told))
        },
    },
    Known {
        name: "template.property",
        types: &[],
        says: &[
            "Required property [*] not found",
            "Unsupported property [*]",
            "extraneous key [*] is not permitted",
        ],
        tells: |told| {
            told.means(format!(
                "The template is wrong about the property {}.",
                told.part(0)
            ))
            .say("Mend it in the line that is named; then:")
            .run(told.mlink("deploy"))
        },
    },
    Known {
        name: "stack.token_used",
        types: &[],
        says: &["client request token * has already been used for this stack"],
        tells: |told| {
            told.again(
                "CloudFormation takes this request for an earlier one.",
                "Each run makes new requests:",
            )
        },
    },
    Known {
        name: "stack.hook",
        types: &[],
        says: &["The following hook(s) failed: [*]"],
        tells: |told| {
            told.means(format!("A rule of the organization ({}) does not let this resource be made as it is.", told.part(0)))
                .say("Change the resource in templates/stack.yaml as the rule asks, or ask whoever set the rule. What it says:")
                .run(told.aws(format!("cloudformation describe-events --stack-name {} --query \"OperationEvents[?HookStatusReason].[LogicalResourceId,HookStatusReason]\" --output text", told.context.stack)))
        },
    },
    Known {
        name: "replace.named",
        types: &[],
        says: &["cannot update a stack when a custom-named resource requires replacing. Rename *"],
        tells: |told| {
            told.means("The change needs a new resource, and the old one still has the name.")
                .say("Take the change back in templates/stack.yaml; or deploy twice, without the resource and then with it, and lose what is in it:")
                .run(told.mlink("deploy"))
        },
    },
];

/// A deploy in a region that has all that is wanted.
fn elsewhere(told: &Told<'_>) -> String {
    let here = &told.context.region;
    let there = match here.as_str() {
        "eu-west-1" => "us-east-1",
        _ => "eu-west-1",
    };
    let command = told
        .mlink("deploy")
        .replace(&format!(" --region {here}"), "");
    format!("{command} --region {there}")
}
