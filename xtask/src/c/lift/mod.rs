//! From the evaluation loop's switch to templates.
