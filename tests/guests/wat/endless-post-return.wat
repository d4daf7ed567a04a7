;; A command that returns, and computes for ever when it is told that its result has been read.
(component
  (core module $main
    (func (export "run") (result i32) (i32.const 0))
    (func (export "after") (param i32) (loop $again (br $again))))
  (core instance $program (instantiate $main))
  (func $run (result (result))
    (canon lift (core func $program "run") (post-return (func $program "after"))))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
