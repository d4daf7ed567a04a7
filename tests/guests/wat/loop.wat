;; A command that computes for ever and never calls the host: only the end of its thread ends it.
(component
  (core module $main
    (func (export "run") (result i32)
      (loop $again (br $again))
      (i32.const 0)))
  (core instance $program (instantiate $main))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
