use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// Why a call failed, in a word that is safe to log and to hand to a caller.
///
/// The services' own messages are not: SES for one names the addresses it refuses.
pub fn reason<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(failed) => failed.err().code().unwrap_or("UnknownError"),
        SdkError::TimeoutError(_) => "Timeout",
        SdkError::DispatchFailure(_) => "NoConnection",
        SdkError::ResponseError(_) => "UnreadableResponse",
        SdkError::ConstructionFailure(_) => "RequestNotBuilt",
        _ => "UnknownFailure",
    }
    .to_owned()
}
