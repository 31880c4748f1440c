() => "store"
