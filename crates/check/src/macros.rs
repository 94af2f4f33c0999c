//! The macro that declares a check.

/// Declares the check of a file as `pub static CHECK`. The doc comment before `id` is its documentation.
///
/// ```ignore
/// check! {
///     /// ## What it does
///     /// Finds …
///     id: "print-logging",
///     summary: "application code prints instead of logging",
///     area: Observability,
///     axis: Observability,
///     severity: Medium,
///     confidence: High,
///     maturity: Stable,
///     since: "0.1.0",
///     references: ["https://docs.python.org/3/howto/logging.html"],
///     run: Module(run),
/// }
/// ```
#[macro_export]
macro_rules! check {
    (
        $(#[doc = $docs:literal])+
        id: $id:literal,
        summary: $summary:literal,
        area: $area:ident,
        axis: $axis:ident,
        severity: $severity:ident,
        confidence: $confidence:ident,
        maturity: $maturity:ident,
        since: $since:literal,
        references: [$($reference:literal),* $(,)?],
        $(aliases: [$($alias:literal),* $(,)?],)?
        run: $unit:ident($run:path) $(,)?
    ) => {
        #[doc = $summary]
        pub static CHECK: $crate::Check = $crate::Check {
            id: $id,
            summary: $summary,
            docs: concat!($($docs, "\n"),+),
            area: $crate::Area::$area,
            axis: $crate::Axis::$axis,
            severity: $crate::Severity::$severity,
            confidence: $crate::Confidence::$confidence,
            maturity: $crate::Maturity::$maturity,
            since: $since,
            references: &[$($reference),*],
            aliases: &[$($($alias),*)?],
            run: $crate::Run::$unit($run),
        };
    };
}
