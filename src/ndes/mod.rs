//! NDES (Network Device Enrollment Service), Microsoft's SCEP server: its page of challenge passwords, and how it chooses a template.

mod admin_page;
mod template;

pub use admin_page::{AdminPage, AdminPageError};
pub use template::{DEFAULT_TEMPLATE, TemplateSetting};
