//! Checks of the area settings.

use pyaudit_check::Check;

mod committed_credential_data;
mod committed_env_file;
mod committed_runtime_data;
mod committed_temporary_file;
mod conflicting_env_default;
mod debug_enabled_by_default;
mod env_not_ignored;
mod env_var_drift;
mod hardcoded_redirect_uri;
mod hardcoded_secret;
mod hardcoded_url;
mod insecure_setting_default;
mod jwt_in_local_storage;
mod localhost_setting_default;
mod missing_env_example;
mod missing_production_guard;
mod scattered_environment_detection;
mod secret_in_env_example;
mod secret_in_history;
mod secret_in_logs;
mod setting_bypassed;
mod setting_extra_forbidden;
mod setting_not_parseable;
mod settings_rebuilt;
mod tracked_but_ignored;
mod untyped_settings;
mod unused_setting;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &committed_credential_data::CHECK,
    &committed_env_file::CHECK,
    &committed_runtime_data::CHECK,
    &committed_temporary_file::CHECK,
    &conflicting_env_default::CHECK,
    &debug_enabled_by_default::CHECK,
    &env_not_ignored::CHECK,
    &env_var_drift::CHECK,
    &hardcoded_redirect_uri::CHECK,
    &hardcoded_secret::CHECK,
    &hardcoded_url::CHECK,
    &insecure_setting_default::CHECK,
    &jwt_in_local_storage::CHECK,
    &localhost_setting_default::CHECK,
    &missing_env_example::CHECK,
    &missing_production_guard::CHECK,
    &scattered_environment_detection::CHECK,
    &secret_in_env_example::CHECK,
    &secret_in_history::CHECK,
    &secret_in_logs::CHECK,
    &setting_bypassed::CHECK,
    &setting_extra_forbidden::CHECK,
    &setting_not_parseable::CHECK,
    &settings_rebuilt::CHECK,
    &tracked_but_ignored::CHECK,
    &untyped_settings::CHECK,
    &unused_setting::CHECK,
];
