//! Checks of the area architecture.

mod broken_import;
mod circular_state_in_import;
mod committed_copy;
mod dead_class;
mod dead_module;
mod import_cycle;
mod layer_inversion;
mod missing;
mod missing_repository_layer;
mod missing_required_column;
mod missing_runtime_file;
mod response_field_not_in_model;
mod running_max_not_updated;
mod service_model_coupling;
mod unknown_method;
mod unknown_model_attribute;
mod unknown_setting_attribute;

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &broken_import::CHECK,
    &circular_state_in_import::CHECK,
    &committed_copy::CHECK,
    &dead_class::CHECK,
    &dead_module::CHECK,
    &import_cycle::CHECK,
    &layer_inversion::CHECK,
    &missing_repository_layer::CHECK,
    &missing_required_column::CHECK,
    &missing_runtime_file::CHECK,
    &response_field_not_in_model::CHECK,
    &running_max_not_updated::CHECK,
    &service_model_coupling::CHECK,
    &unknown_method::CHECK,
    &unknown_model_attribute::CHECK,
    &unknown_setting_attribute::CHECK,
];
