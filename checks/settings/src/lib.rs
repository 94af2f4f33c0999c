//! Checks of the area settings.

use pyaudit_check::Check;

mod committed_env_file;
mod conflicting_env_default;
mod debug_enabled_by_default;
mod env_not_ignored;
mod env_var_drift;
mod hardcoded_secret;
mod insecure_setting_default;
mod localhost_setting_default;
mod missing_env_example;
mod missing_production_guard;
mod scattered_environment_detection;
mod secret_in_env_example;
mod secret_in_logs;
mod setting_extra_forbidden;
mod setting_not_parseable;
mod settings_rebuilt;
mod untyped_settings;
mod unused_setting;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &committed_env_file::CHECK,
    &conflicting_env_default::CHECK,
    &debug_enabled_by_default::CHECK,
    &env_not_ignored::CHECK,
    &env_var_drift::CHECK,
    &hardcoded_secret::CHECK,
    &insecure_setting_default::CHECK,
    &localhost_setting_default::CHECK,
    &missing_env_example::CHECK,
    &missing_production_guard::CHECK,
    &scattered_environment_detection::CHECK,
    &secret_in_env_example::CHECK,
    &secret_in_logs::CHECK,
    &setting_extra_forbidden::CHECK,
    &setting_not_parseable::CHECK,
    &settings_rebuilt::CHECK,
    &untyped_settings::CHECK,
    &unused_setting::CHECK,
];
