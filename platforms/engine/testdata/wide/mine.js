() => "mine"
