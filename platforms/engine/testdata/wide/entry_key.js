() => "entry_key"
