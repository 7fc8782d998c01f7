use aws_sdk_cloudformation::operation::cancel_update_stack::CancelUpdateStackError;
use aws_sdk_cloudformation::operation::continue_update_rollback::ContinueUpdateRollbackError;
use aws_sdk_cloudformation::operation::delete_stack::DeleteStackError;
use aws_sdk_cloudformation::operation::execute_change_set::ExecuteChangeSetError;
use aws_sdk_cloudformation::types::StackStatus;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::super::known::messages::MESSAGES;
use super::*;
use crate::stack::{Stack, Verb};
use crate::terminal::shown;

fn context(verb: Verb) -> Context<'static> {
    Context {
        verb,
        stack: "mlink-lewis".to_owned(),
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
        flags: " --stage lewis --profile acme".to_owned(),
        aws_flags: " --profile acme".to_owned(),
        domain: None,
        template: None,
    }
}

/// What a person sees of a call that is refused with this code and these words.
fn call<E>(
    verb: Verb,
    doing: &str,
    generic: fn(ErrorMetadata) -> E,
    code: &str,
    message: &str,
) -> String
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let error = generic(ErrorMetadata::builder().code(code).message(message).build());
    let status = StatusCode::try_from(400).unwrap();
    let error = SdkError::service_error(error, HttpResponse::new(status, SdkBody::empty()));
    shown(&refused(doing, &context(verb))(error))
}

const ROLE: &str = "Role arn:aws:iam::123456789012:role/deployer is invalid or cannot be assumed";

#[test]
fn a_call_that_is_refused_says_what_was_not_done_why_and_what_helps() {
    let denied = |action: &str, why: &str| {
        format!(
            "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: \
             cloudformation:{action} on resource: arn:aws:cloudformation:eu-west-1:123456789012:\
             stack/mlink-lewis/5f1c {why}"
        )
    };
    let no_policy = |action: &str| {
        let why =
            format!("because no identity-based policy allows the cloudformation:{action} action");
        denied(action, &why)
    };
    let organization = denied(
        "ContinueUpdateRollback",
        "with an explicit deny in a service control policy",
    );
    let execute = "apply the change set to mlink-lewis";
    let used = "The client request token mlink-18 has already been used for this stack.";
    let shown = [
        call(
            Verb::Destroy,
            "delete the stack mlink-lewis",
            DeleteStackError::generic,
            "AccessDenied",
            &no_policy("DeleteStack"),
        ),
        call(
            Verb::Destroy,
            "delete the stack mlink-lewis",
            DeleteStackError::generic,
            "ValidationError",
            ROLE,
        ),
        call(
            Verb::Deploy,
            "continue the rollback of mlink-lewis",
            ContinueUpdateRollbackError::generic,
            "AccessDenied",
            &organization,
        ),
        call(
            Verb::Deploy,
            "cancel the update of mlink-lewis",
            CancelUpdateStackError::generic,
            "Throttling",
            "Rate exceeded",
        ),
        call(
            Verb::Deploy,
            execute,
            ExecuteChangeSetError::generic,
            "TokenAlreadyExistsException",
            used,
        ),
        call(
            Verb::Deploy,
            execute,
            ExecuteChangeSetError::generic,
            "AccessDenied",
            &no_policy("ExecuteChangeSet"),
        ),
        call(
            Verb::Deploy,
            execute,
            ExecuteChangeSetError::generic,
            "ValidationError",
            "The moon is in the wrong house",
        ),
    ];
    insta::assert_snapshot!(shown.join("\n\n"));
}

/// Of the known failures, those that are no resource's.
#[test]
fn every_refusal_that_is_known() {
    let context = context(Verb::Deploy);
    let calls = MESSAGES.iter().filter(|(_, kind, ..)| kind.is_empty());
    let cards = calls.map(|(_, _, name, message)| {
        let cause = explained(bare((*message).to_owned()), &context);
        let what = "the change; nothing was touched".to_owned();
        let refusal = Refusal::of(what, vec![cause], &context);
        format!("# {name}\n{}", shown(&refusal))
    });
    insta::assert_snapshot!(cards.collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn every_refusal_of_mlinks_own() {
    let name = || "mlink-lewis".to_owned();
    let flags = " --stage lewis --profile acme";
    let running = Stack {
        name: name(),
        id: String::new(),
        status: StackStatus::UpdateInProgress,
        changed_at: None,
        outputs: Default::default(),
        parameters: Default::default(),
        termination_protected: false,
        tags: Default::default(),
    };
    let refusals = [
        Error::Missing(name(), format!("`mlink deploy{flags}` makes it.")),
        Error::Empty(name()),
        Error::Foreign(name()),
        Error::ForeignChangeSet(name(), "import-db".to_owned()),
        Error::Overtaken(name()),
        Error::Output("SiteUrl"),
        running.check_rest(flags).unwrap_err(),
    ];
    let shown: Vec<String> = refusals.iter().map(|refusal| shown(refusal)).collect();
    insta::assert_snapshot!(shown.join("\n\n"));
}
