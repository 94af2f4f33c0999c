//! Checks of the area architecture.

mod circular_state_in_import;
mod committed_copy;
mod dead_class;
mod dead_module;
mod import_cycle;
mod layer_inversion;
mod missing_repository_layer;
mod service_model_coupling;

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &circular_state_in_import::CHECK,
    &committed_copy::CHECK,
    &dead_class::CHECK,
    &dead_module::CHECK,
    &import_cycle::CHECK,
    &layer_inversion::CHECK,
    &missing_repository_layer::CHECK,
    &service_model_coupling::CHECK,
];
