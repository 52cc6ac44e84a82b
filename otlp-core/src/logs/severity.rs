//! Severity of log records.

use crate::numbered::numbered;

numbered! {
    /// Severity of a log record (`SeverityNumber`): four steps in each of six ranges.
    pub enum Severity {
        /// Not given.
        Unspecified = 0 "UNSPECIFIED",
        /// Fine-grained debugging.
        Trace = 1 "TRACE",
        /// See [`Severity::Trace`].
        Trace2 = 2 "TRACE2",
        /// See [`Severity::Trace`].
        Trace3 = 3 "TRACE3",
        /// See [`Severity::Trace`].
        Trace4 = 4 "TRACE4",
        /// Debugging.
        Debug = 5 "DEBUG",
        /// See [`Severity::Debug`].
        Debug2 = 6 "DEBUG2",
        /// See [`Severity::Debug`].
        Debug3 = 7 "DEBUG3",
        /// See [`Severity::Debug`].
        Debug4 = 8 "DEBUG4",
        /// An event worth knowing.
        Info = 9 "INFO",
        /// See [`Severity::Info`].
        Info2 = 10 "INFO2",
        /// See [`Severity::Info`].
        Info3 = 11 "INFO3",
        /// See [`Severity::Info`].
        Info4 = 12 "INFO4",
        /// Not an error, but more than information.
        Warn = 13 "WARN",
        /// See [`Severity::Warn`].
        Warn2 = 14 "WARN2",
        /// See [`Severity::Warn`].
        Warn3 = 15 "WARN3",
        /// See [`Severity::Warn`].
        Warn4 = 16 "WARN4",
        /// Something went wrong.
        Error = 17 "ERROR",
        /// See [`Severity::Error`].
        Error2 = 18 "ERROR2",
        /// See [`Severity::Error`].
        Error3 = 19 "ERROR3",
        /// See [`Severity::Error`].
        Error4 = 20 "ERROR4",
        /// The application or system cannot go on.
        Fatal = 21 "FATAL",
        /// See [`Severity::Fatal`].
        Fatal2 = 22 "FATAL2",
        /// See [`Severity::Fatal`].
        Fatal3 = 23 "FATAL3",
        /// See [`Severity::Fatal`].
        Fatal4 = 24 "FATAL4",
    }
}
