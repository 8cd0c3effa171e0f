//! A folder of secrets: rules, files, lock, plans, edit, rekey, status.
