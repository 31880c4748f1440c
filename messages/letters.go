package messages

// IgnoreDeadLetterLogging keeps Letters out of the actor library's log of dead letters: while a node is away they go nowhere, and are
// sent again by themselves.
func (*Letters) IgnoreDeadLetterLogging() {}
